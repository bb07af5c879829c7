#!/bin/bash
# Takes away from a lab host, in which it runs as root, what makes it a host: packages PKG..., libvirt's daemon, pools, who may use it, and leaves a
# repository on the host's own disk from which apt-get installs them again. The machine around the host isn't touched: all folders in which anything is
# removed are the host's own from here on. bare-host.sh LOGIN PKG...
set -euo pipefail
login=$1; shift
own=/run/bare
mkdir -p "$own"
for folder in usr var/lib/dpkg var/lib/apt var/lib/systemd var/cache/apt; do
  [ -d "/$folder" ] || continue
  mkdir -p "$own/upper/$folder" "$own/work/$folder"
  mount -t overlay overlay -o "lowerdir=/$folder,upperdir=$own/upper/$folder,workdir=$own/work/$folder" "/$folder"
done
cp -a /etc "$own/etc"
mount --bind "$own/etc" /etc

# The packages as they are installed, packed again.
repository=$own/repository
mkdir -p "$repository"
for package; do
  made=$own/packing/$package
  mkdir -p "$made/DEBIAN"
  dpkg-query -L "$package" | while IFS= read -r path; do
    if [ -L "$path" ] || [ -f "$path" ]; then (cd / && cp -a --parents ".$path" "$made"); fi
  done
  dpkg-query -s "$package" | grep -vE '^(Status|Conffiles|Config-Version):|^ /' >"$made/DEBIAN/control"
  dpkg-deb -Znone --root-owner-group --build "$made" "$repository/" >/dev/null
done
cd "$repository"
for file in *.deb; do
  dpkg-deb -f "$file"
  printf 'Filename: ./%s\nSize: %s\nSHA256: %s\n\n' "$file" "$(stat -c %s "$file")" "$(sha256sum "$file" | cut -d' ' -f1)"
done >Packages
rm -rf /etc/apt/sources.list.d/* /var/lib/apt/lists/*
echo "deb [trusted=yes] file:$repository ./" >/etc/apt/sources.list

dpkg --purge --force-depends "$@" >/dev/null 2>&1
sed -i "s/^\(libvirt:.*:\)\(.*,\)\?$login\(,.*\)\?$/\1/" /etc/group
kill "$(cat /run/libvirtd.pid)"
for i in $(seq 200); do kill -0 "$(cat /run/libvirtd.pid 2>/dev/null)" 2>/dev/null || break; sleep 0.05; done
rm -f /run/libvirt/libvirt-sock /run/libvirt/libvirt-sock-ro /run/libvirtd.pid
