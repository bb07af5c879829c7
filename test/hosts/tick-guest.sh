#!/bin/bash
# The tick guest: Debian's cloud kernel and an initrd of busybox and guest-init.sh. Prints the paths of the kernel, of the initrd, and of
# the kernel as it is packed: only that one starts under UEFI, and the other one is spared unpacking and moving itself, a fifth of a boot
# under emulation. They are built when they aren't there yet (half a second) and named by what they are made of.
set -euo pipefail
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8
here=$(dirname "$(readlink -f "$0")")
base=${PULUMI_KVM_LAB:-/var/tmp/pulumi-kvm-lab}
modules=(virtio_pci virtio_blk virtio_net virtio_balloon virtio_scsi virtio_mem virtio_console virtio-rng virtiofs sd_mod sr_mod ata_piix isofs
  qemu_fw_cfg button evdev pvpanic-mmio)

kernel=$(compgen -G '/boot/vmlinuz-*-cloud-amd64' | sort -V | tail -n 1) || { echo "no /boot/vmlinuz-*-cloud-amd64" >&2; exit 1; }
version=${kernel#/boot/vmlinuz-}
tree=/lib/modules/$version
busybox=$(type -P busybox)
name=$(cat "$here/tick-guest.sh" "$here/guest-init.sh" "$busybox" "$tree/modules.dep" | sha256sum | cut -c1-16)
initrd=$base/tick-guest-$name.img
unpacked=$base/tick-guest-$name.vmlinux

# A bzImage says where its payload is (Linux' Documentation/x86/boot.rst): an ELF file packed by LZ4, and four bytes of its length.
if [ ! -e "$unpacked" ]; then
  mkdir -p -m 700 "$base"
  field() { od -An -v -t "u$3" -j "$2" -N "$3" "$1" | tr -d ' '; }
  start=$((($(field "$kernel" 497 1) + 1) * 512 + $(field "$kernel" 584 4))) length=$(($(field "$kernel" 588 4) - 4))
  head -c "$((start + length))" "$kernel" | tail -c "$length" | lz4 -q -d - "$unpacked.$$"
  mv "$unpacked.$$" "$unpacked"
fi

if [ ! -e "$initrd" ]; then
  mkdir -p -m 700 "$base"
  root=$(mktemp -d "$base/tick-guest.XXXXXX")
  trap 'rm -rf "$root"' EXIT
  mkdir -p "$root"/{bin,proc,sys,dev,modules,etc/acpi/PWRF}
  for applet in $("$busybox" --list); do ln -sf busybox "$root/bin/$applet"; done
  rm -f "$root/bin/busybox" # It lists itself.
  cp "$busybox" "$root/bin/busybox"
  cp "$here/guest-init.sh" "$root/init"
  # What stands right of a module in modules.dep must be loaded before it, the last first.
  with_dependencies() {
    local line word words
    line=$(grep -E "/$1\.ko:" "$tree/modules.dep") || return 0 # Built into the kernel.
    read -ra words <<<"${line/:/}"
    for ((word = ${#words[@]} - 1; word >= 0; word--)); do echo "${words[$word]}"; done
  }
  for module in "${modules[@]}"; do with_dependencies "$module"; done | awk '!seen[$0]++' |
    while read -r file; do cp "$tree/$file" "$root/modules/" && basename "$file"; done >"$root/modules/order"
  printf '#!/bin/sh\necho "power button" >/dev/ttyS0\npoweroff -f\n' >"$root/etc/acpi/PWRF/00000080"
  cat >"$root/etc/udhcpc" <<'END'
#!/bin/sh
[ "$1" = bound ] || [ "$1" = renew ] || exit 0
ip addr add "$ip/$mask" dev "$interface" 2>/dev/null
[ -z "$router" ] || ip route replace default via "${router%% *}" dev "$interface"
[ "$1" = renew ] || echo "address $ip" >/dev/ttyS0
END
  chmod +x "$root/init" "$root/etc/acpi/PWRF/00000080" "$root/etc/udhcpc"
  (cd "$root" && find . | cpio -o -H newc --quiet) >"$root.img"
  mv "$root.img" "$initrd"
fi
touch "$initrd" "$unpacked"
find "$base" -maxdepth 1 -name 'tick-guest-*.*' -mtime +7 -delete # Of other versions of this script, long unused.
echo "$unpacked"
echo "$initrd"
echo "$kernel"
