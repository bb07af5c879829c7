#!/bin/bash
# Builds in FOLDER/layer what makes of SYSTEM, the root of a test host that newer-system.sh has built, one with a daemon for each of libvirt's
# drivers, as Fedora, RHEL 9 and openSUSE have them; Debian has libvirtd alone. They are made of Debian's source of the same libvirt, and use the
# libraries and drivers that are in SYSTEM: of all of libvirt only the few files that are the daemons' own are compiled. As root; nothing of it runs here.
#
#   modular-system.sh FOLDER SYSTEM
set -euo pipefail
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive
folder=$(readlink -f "$1") system=$(readlink -f "$2")
drivers=(qemu network storage nodedev secret nwfilter proxy)
# What is compiled with, and the libraries that libvirt's configuration wants for these drivers.
packages=(gcc libc6-dev meson ninja-build pkgconf python3 xsltproc libxml2-utils gettext xz-utils libglib2.0-dev libxml2-dev libgnutls28-dev libtirpc-dev
  libudev-dev libpciaccess-dev libpcap0.8-dev libnl-3-dev libnl-route-3-dev libjson-c-dev)

# In namespaces of its own, which end with whoever started it: a killed build leaves nothing running and nothing mounted.
[ "${3:-}" = alone ] || exec setpriv --pdeathsig KILL unshare -m -p --fork --kill-child --mount-proc "$0" "$folder" "$system" alone

mkdir -p "$folder"/{layer/usr/sbin,written,work,root}
mount -t overlay -o "lowerdir=$system,upperdir=$folder/written,workdir=$folder/work" overlay "$folder/root"
mount --rbind /dev "$folder/root/dev"
mount -t proc proc "$folder/root/proc"
cp --remove-destination -L /etc/resolv.conf "$folder/root/etc/resolv.conf"
cat >"$folder/root/tmp/build.sh" <<'END'
set -euo pipefail
drivers=$1; shift
sed 's/^deb /deb-src /' /etc/apt/sources.list >/etc/apt/sources.list.d/source.list
apt=(apt-get -qq -o Acquire::Check-Valid-Until=false -o Acquire::Retries=3 -o APT::Sandbox::User=root -o Dpkg::Use-Pty=0)
"${apt[@]}" update
"${apt[@]}" install -y --no-install-recommends "$@" >/dev/null
cd /tmp
"${apt[@]}" source --tar-only libvirt
tar xf libvirt_*.orig.tar.xz
cd libvirt-*/
on=(libvirtd=enabled remote=enabled qemu=enabled network=enabled secrets=enabled)
meson setup made --prefix=/usr --sysconfdir=/etc --localstatedir=/var -Drunstatedir=/run -Dauto_features=disabled -Dno_git=true -Ddebug=false \
  "${on[@]/#/-Ddriver_}" -Dstorage_dir=enabled -Dudev=enabled -Dpciaccess=enabled -Dlibpcap=enabled -Dlibnl=enabled -Djson_c=enabled >/dev/null
mapfile -t objects < <(ninja -C made -t targets all | grep -oE "^src/virt($drivers)d\.p/[^:]*\.o")
ninja --quiet -C made "${objects[@]}" src/admin/libvirt_admin_driver.a
libraries=/usr/lib/$(gcc -print-multiarch)
for driver in ${drivers//|/ }; do
  gcc -s -o "/made/virt${driver}d" "made/src/virt${driver}d.p"/*.o made/src/admin/libvirt_admin_driver.a "$libraries"/libvirt{,-qemu,-lxc}.so.0 \
    $(pkg-config --libs gobject-2.0 gio-2.0 libxml-2.0 gnutls libtirpc)
done
END
mkdir "$folder/root/made"
mount --bind "$folder/layer/usr/sbin" "$folder/root/made"
chroot "$folder/root" bash /tmp/build.sh "$(IFS='|'; echo "${drivers[*]}")" "${packages[@]}"
umount -l "$folder/root"
rm -rf --one-file-system "$folder"/{written,work,root}
