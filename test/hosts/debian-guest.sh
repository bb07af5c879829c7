#!/bin/bash
# Builds the Debian guest of the tests in FOLDER, as root: disk.qcow2, a cloud image of Debian 12 that boots from its disk under
# BIOS, UEFI and Secure Boot; vmlinuz and initrd.img, the same kernel for booting directly. A line on standard error for each step.
#
#   debian-guest.sh FOLDER
#
# Packages and settings are those of Debian's own cloud images as far as the tests care; the rest is there to boot quickly under
# emulation. No loop device is needed: file systems are written into files.
set -euo pipefail
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive
folder=$(readlink -f "$1")
root=$folder/root disk=$folder/disk.raw
suite=bookworm
packages=(systemd-sysv udev dbus linux-image-cloud-amd64 initramfs-tools zstd cloud-init cloud-guest-utils fdisk netplan.io
  qemu-guest-agent openssh-server iproute2 iputils-ping sudo)
loaders=(shim-signed grub-efi-amd64-signed) # Only their files: installed they would look for a disk.

# In namespaces of its own, which end with whoever started it: a killed build leaves nothing running and nothing mounted.
[ "${2:-}" = alone ] || exec setpriv --pdeathsig KILL unshare -m -p --fork --kill-child --mount-proc "$0" "$folder" alone

say() { echo "    $*" >&2; }
file() { # PATH: standard input becomes that file of the guest
  mkdir -p "$root/$(dirname "$1")"
  cat >"$root/$1"
}

say "installing Debian $suite"
# From where this machine gets its own packages, if they are of the same release.
mirror=$(apt-get indextargets --format '$(REPO_URI)' "Identifier: Packages" "Codename: $suite" | head -n 1)
mkdir "$root" "$folder/deb"
file etc/initramfs-tools/conf.d/guest <<<$'MODULES=list\nCOMPRESS=zstd\nFSTYPE=ext4'
file etc/initramfs-tools/hooks/guest <<'END'
#!/bin/sh
[ "$1" = prereqs ] && exit 0
. /usr/share/initramfs-tools/hook-functions
manual_add_modules virtio_pci virtio_blk virtio_scsi sd_mod ahci ext4
END
chmod +x "$root/etc/initramfs-tools/hooks/guest"
# What documents Debian is left out, as its own slim images do.
file etc/dpkg/dpkg.cfg.d/guest <<'END'
path-exclude=/usr/share/doc/*
path-exclude=/usr/share/man/*
path-exclude=/usr/share/info/*
path-exclude=/usr/share/locale/*
path-exclude=/usr/share/bash-completion/*
path-exclude=/usr/share/lintian/*
END
mmdebstrap --quiet --mode=root --variant=minbase --skip=check/empty --include="${packages[*]}" \
  --aptopt='Acquire::Check-Valid-Until "false"' --aptopt='APT::Install-Recommends "false"' \
  --aptopt='Acquire::Retries "3"' \
  --customize-hook="cd '$folder/deb' && APT_CONFIG=\$MMDEBSTRAP_APT_CONFIG apt-get download -q=2 -o APT::Sandbox::User=root ${loaders[*]}" \
  "$suite" "$root" "${mirror:-http://deb.debian.org/debian}"

say "settings"
kernel=$(basename "$root"/boot/vmlinuz-*)
initrd=$(basename "$root"/boot/initrd.img-*)
arguments="ro console=tty0 console=ttyS0 quiet"
cp "$root/boot/$kernel" "$folder/vmlinuz"
cp "$root/boot/$initrd" "$folder/initrd.img"
file etc/fstab <<'END'
PARTUUID=b5a6c5ad-9f0b-4a2a-8a4e-5f2b0d9f1d01 / ext4 rw,relatime,errors=remount-ro 0 0
END
file etc/hosts <<<$'127.0.0.1 localhost\n::1 localhost ip6-localhost ip6-loopback'
file etc/hostname <<<debian
# Seeds come on a medium; nothing is asked of a network that may not be there. The network is configured before it comes up.
# The modules are Debian's without those of vendors and of package sources.
file etc/cloud/cloud.cfg.d/95-guest.cfg <<'END'
datasource_list: [NoCloud, None]
disable_network_activation: true
ssh_genkeytypes: [ed25519]
cloud_init_modules: [bootcmd, write-files, growpart, resizefs, disk_setup, mounts, set_hostname, update_hostname, update_etc_hosts, ca-certs, users-groups, ssh]
cloud_config_modules: [keyboard, set-passwords, ntp, timezone, runcmd]
cloud_final_modules: [package-update-upgrade-install, write-files-deferred, scripts-per-once, scripts-per-boot, scripts-per-instance, scripts-user, phone-home, final-message, power-state-change]
END
# An address is enough to go on, and its absence holds nothing up for long.
file etc/systemd/system/systemd-networkd-wait-online.service.d/guest.conf <<'END'
[Service]
ExecStart=
ExecStart=/lib/systemd/systemd-networkd-wait-online --any --timeout=30
END
file etc/systemd/journald.conf.d/guest.conf <<<$'[Journal]\nStorage=volatile'
for unit in apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer e2scrub_reap.service fstrim.timer \
  systemd-pstore.service cloud-init-hotplugd.socket getty@tty1.service systemd-binfmt.service proc-sys-fs-binfmt_misc.automount \
  dev-hugepages.mount dev-mqueue.mount sys-kernel-debug.mount sys-kernel-tracing.mount sys-kernel-config.mount \
  sys-fs-fuse-connections.mount modprobe@.service; do
  ln -sf /dev/null "$root/etc/systemd/system/$unit"
done
# What makes one guest different from another is made at its first boot.
rm -f "$root"/etc/ssh/ssh_host_* "$root/var/lib/systemd/random-seed" "$root/etc/resolv.conf"
: >"$root/etc/machine-id" # Empty, not "uninitialized": units aren't preset anew, caches not rebuilt.
touch -r "$root/usr" "$root/etc/.updated" "$root/var/.updated"
rm -rf "$root"/var/cache/apt/* "$root"/var/lib/apt/lists/* "$root"/var/log/*.log "$root"/var/log/apt "$root"/tmp/* "$root"/run/*

say "boot loaders"
for package in "$folder"/deb/*.deb; do dpkg-deb -x "$package" "$folder/deb"; done
mkdir -p "$root/boot/grub"
file boot/grub/grub.cfg <<END
set timeout=0
menuentry Debian {
  linux /boot/$kernel root=PARTUUID=b5a6c5ad-9f0b-4a2a-8a4e-5f2b0d9f1d01 $arguments
  initrd /boot/$initrd
}
END
search='search --no-floppy --label --set=root debian-root'
printf '%s\nset prefix=($root)/boot/grub\nconfigfile $prefix/grub.cfg\n' "$search" >"$folder/early.cfg"
grub-mkimage -O i386-pc -o "$folder/core.img" -p /boot/grub -c "$folder/early.cfg" \
  biosdisk part_gpt ext2 search search_label configfile normal linux test echo
esp=$folder/esp.img
truncate -s 8M "$esp"
mformat -i "$esp" -v ESP ::
mmd -i "$esp" ::/EFI ::/EFI/BOOT ::/EFI/debian
mcopy -i "$esp" "$folder/deb/usr/lib/shim/shimx64.efi.signed" ::/EFI/BOOT/BOOTX64.EFI
mcopy -i "$esp" "$folder/deb/usr/lib/grub/x86_64-efi-signed/grubx64.efi.signed" ::/EFI/BOOT/grubx64.efi
mcopy -i "$esp" "$folder/early.cfg" ::/EFI/debian/grub.cfg

say "disk"
# As Debian's images are laid out: 14 for the BIOS's loader, 15 for UEFI, and the root, which may grow, last.
sectors=$((2 * 1024 * 1024 * 2)) start=20480
size=$((sectors - start - 2048))
truncate -s $((sectors * 512)) "$disk"
sfdisk --quiet "$disk" <<END
label: gpt
unit: sectors
first-lba: 2048
14: start=2048, size=2048, type=21686148-6449-6E6F-744E-656564454649
15: start=4096, size=16384, type=C12A7328-F81F-11D2-BA4B-00A0C93EC93B
1: start=$start, size=$size, type=4F68BCE3-E8CD-4DB1-96E7-FBCAF984B709, uuid=B5A6C5AD-9F0B-4A2A-8A4E-5F2B0D9F1D01
END
mkfs.ext4 -q -F -L debian-root -d "$root" -J size=16 -E "offset=$((start * 512)),lazy_itable_init=0,lazy_journal_init=0" \
  "$disk" $((size / 2))k
dd if="$esp" of="$disk" bs=512 seek=4096 conv=notrunc status=none
# What grub-install does on a disk that is attached: the first sector loads the second stage from partition 14 (its number
# stands at 0x5c), and the first sector of that the rest (a list of sectors that ends at 0x200: start, count, segment).
number() { # VALUE BYTES: little-endian
  local i; for ((i = 0; i < $2; i++)); do printf "\\x$(printf %02x $((($1 >> (8 * i)) & 255)))"; done
}
patch() { dd of="$1" bs=1 seek="$2" conv=notrunc status=none; }
core_sectors=$((($(stat -c %s "$folder/core.img") + 511) / 512))
head -c 440 /usr/lib/grub/i386-pc/boot.img >"$folder/boot.img"
number 2048 8 | patch "$folder/boot.img" $((0x5c))
{ number 2049 8; number $((core_sectors - 1)) 2; number $((0x820)) 2; } | patch "$folder/core.img" $((0x200 - 12))
dd if="$folder/boot.img" of="$disk" conv=notrunc status=none
dd if="$folder/core.img" of="$disk" bs=512 seek=2048 conv=notrunc status=none
qemu-img convert -O qcow2 -c "$disk" "$folder/disk.qcow2"
rm -rf "$root" "$folder/deb" "$disk" "$esp" "$folder"/{early.cfg,core.img,boot.img}
