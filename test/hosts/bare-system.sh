#!/bin/bash
# Builds the root of a test host in FOLDER/root, as root: a bare Debian or Ubuntu with its systemd and sshd and without anything for VMs, and in it a
# repository from which apt installs what such a host needs. Nothing of it runs here.
#
#   bare-system.sh FOLDER [SUITE]     Debian's trixie; noble, resolute and so on are Ubuntu's
#
# Ubuntu isn't built by any test: PULUMI_KVM_BARE_SYSTEMS=FOLDER/root[:FOLDER/root..] has them run on such roots as well.
set -euo pipefail
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive
folder=$(readlink -f "$1") suite=${2:-trixie}

# In namespaces of its own, which end with whoever started it: a killed build leaves nothing running and nothing mounted.
[ "${3:-}" = alone ] || exec setpriv --pdeathsig KILL unshare -m -p --fork --kill-child --mount-proc "$0" "$folder" "$suite" alone

root=$folder/root
case $suite in
  bookworm | trixie | forky | sid)
    # From where this machine gets its own packages.
    mirror=$(apt-get indextargets --format '$(REPO_URI)' "Identifier: Packages" "Codename: bookworm" | head -n 1)
    sources=("deb ${mirror:-http://deb.debian.org/debian} $suite main") ;;
  *)
    # Debian has no keys of Ubuntu's; it is a system for tests that has no way out.
    sources=("deb [trusted=yes] http://archive.ubuntu.com/ubuntu "{"$suite","$suite-updates"}" main universe") ;;
esac
mmdebstrap --quiet --mode=root --variant=minbase --include=apt,openssh-server,iproute2,sudo,systemd-sysv,dbus,kmod,procps \
  --aptopt='Acquire::Check-Valid-Until "false"' --aptopt='APT::Install-Recommends "false"' --aptopt='Acquire::Retries "3"' \
  --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
  "$suite" "$root" "${sources[@]}"

# Whatever apt would install of a package by any of the names that a host may be asked for.
mkdir -p "$root/srv/packages"
cp /etc/resolv.conf "$root/etc/resolv.conf"
mount -t proc proc "$root/proc"
chroot "$root" apt-get -qq update
chroot "$root" apt-get -qq install -y --download-only -o Dir::Cache::archives=/srv/packages \
  libvirt-daemon-system libvirt-clients qemu-system-x86 qemu-utils dnsmasq-base curl gzip xz-utils zstd bzip2 tar ovmf swtpm swtpm-tools virtiofsd dnf rpm createrepo-c
umount "$root/proc"
rm -rf "$root/srv/packages/partial" "$root/srv/packages/lock" "$root"/var/lib/apt/lists/*_* "$root/etc/resolv.conf"
cd "$root/srv/packages"
for file in *.deb; do
  dpkg-deb -f "$file"
  printf 'Filename: ./%s\nSize: %s\nSHA256: %s\n\n' "$file" "$(stat -c %s "$file")" "$(sha256sum "$file" | cut -d' ' -f1)"
done >Packages
rm -f "$root"/etc/apt/sources.list.d/*
echo 'deb [trusted=yes] file:/srv/packages ./' >"$root/etc/apt/sources.list"
