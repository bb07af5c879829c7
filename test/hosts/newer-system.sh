#!/bin/bash
# Builds the root of a test host in FOLDER/root, as root: Debian 13, with what a host of VMs has. Nothing of it runs here.
#
#   newer-system.sh FOLDER
set -euo pipefail
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive
folder=$(readlink -f "$1")
suite=trixie
packages=(libvirt-daemon-system libvirt-clients qemu-system-x86 qemu-system-modules-spice qemu-utils dnsmasq-base ovmf swtpm
  swtpm-tools openssh-server netcat-openbsd iproute2 iptables procps python3 xz-utils bzip2 zstd curl mount)

# In namespaces of its own, which end with whoever started it: a killed build leaves nothing running and nothing mounted.
[ "${2:-}" = alone ] || exec setpriv --pdeathsig KILL unshare -m -p --fork --kill-child --mount-proc "$0" "$folder" alone

# From where this machine gets its own packages.
mirror=$(apt-get indextargets --format '$(REPO_URI)' "Identifier: Packages" "Codename: bookworm" | head -n 1)
mmdebstrap --quiet --mode=root --variant=minbase --include="${packages[*]}" \
  --aptopt='Acquire::Check-Valid-Until "false"' --aptopt='APT::Install-Recommends "false"' --aptopt='Acquire::Retries "3"' \
  --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
  "$suite" "$folder/root" "${mirror:-http://deb.debian.org/debian}"
