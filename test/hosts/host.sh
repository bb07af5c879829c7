#!/bin/bash
# PID 1 of one test host: makes the machine (files, devices, network, sshd, libvirtd) and then reaps. Started by hosts.sh inside new
# mount, pid, network, uts and ipc namespaces: host.sh LAB HOST ADDRESS
# A host whose system has no libvirt is a bare one: it has a network and a login, and its system's own systemd is PID 1 where there is one.
set -euo pipefail
lab=$1 host=$2 address=$3 dir=$1/hosts/$2
user=$(cat "$lab/user")
bare='' init=''
if [ -e "$dir/system" ]; then
  system=$(cat "$dir/system")
  if [ ! -e "${system##*:}/etc/libvirt" ]; then
    bare=yes
    [ ! -x "${system##*:}/usr/lib/systemd/systemd" ] || init=/usr/lib/systemd/systemd
  fi
fi

# systemd has a part of the tree of control groups for itself; hosts.sh removes it.
if [ -n "$init" ] && [ "${4:-}" != grouped ]; then
  mkdir -p "$dir/cgroup"
  mount --make-rprivate /
  mount -t cgroup2 cgroup2 "$dir/cgroup"
  mkdir -p "$dir/cgroup/pulumi-kvm-$(basename "$lab")-$host"
  echo 0 >"$dir/cgroup/pulumi-kvm-$(basename "$lab")-$host/cgroup.procs"
  umount "$dir/cgroup"
  exec unshare -C "$0" "$lab" "$host" "$address" grouped
fi

# /proc is still that of the outside here: this is the process id by which the outside knows this shell.
read -r stat </proc/self/stat
rest=${stat##*) }
set -- $rest
echo "${stat%% *} ${20}" >"$dir/pid.new" && mv "$dir/pid.new" "$dir/pid"
rm -f "$dir/ready"

mount --make-rprivate /
# A system of its own, under a layer for what this host writes; of this machine it sees the devices and the labs alone.
if [ -e "$dir/system" ]; then
  base=$(dirname "$(dirname "$lab")")
  mkdir -p "$dir"/{root,layer,layer.work}
  mount -t overlay -o "lowerdir=$(cat "$dir/system"),upperdir=$dir/layer,workdir=$dir/layer.work" overlay "$dir/root"
  for folder in /dev "$base"; do
    mkdir -p "$dir/root$folder"
    mount --rbind "$folder" "$dir/root$folder"
  done
  mkdir -p "$dir/root/outside"
  cd "$dir/root"
  pivot_root . outside
  cd /
fi
mount -t proc proc /proc
mount -t sysfs sysfs /sys # Shows the interfaces of the network namespace it is mounted in.
[ ! -e "$dir/system" ] || umount -l /outside
hostname "$host"
if [ -n "$init" ]; then mount -t cgroup2 cgroup2 /sys/fs/cgroup; fi

# One daemon, or one for each driver; virtqemud last, as the others are there for it.
daemons=(libvirtd)
if [ -x /usr/sbin/virtqemud ]; then
  rm -f /usr/sbin/libvirtd # A system of its own: in its layer.
  daemons=()
  for driver in network storage nodedev secret nwfilter proxy qemu; do
    [ ! -x "/usr/sbin/virt${driver}d" ] || daemons+=("virt${driver}d")
  done
fi

# Files: own copies of what libvirt, swtpm and sshd read and write.
first=
if [ ! -e "$dir/etc-libvirt" ]; then
  first=yes
  mkdir -p "$dir/etc-libvirt" "$dir/var-lib/images" "$dir/log/qemu" "$dir/cache" "$dir/ssh"
  [ -n "$bare" ] || cp -a /etc/libvirt/. "$dir/etc-libvirt/"
  rm -rf "$dir"/etc-libvirt/qemu/networks "$dir"/etc-libvirt/qemu/*.xml "$dir/etc-libvirt/storage" # A fresh host, whatever this machine has defined.
  # QEMU is who it is on Debian. Without cgroups, namespaces and labels of its own QEMU runs in any container; stdio_handler: there is no virtlogd here.
  cat >"$dir/etc-libvirt/qemu.conf" <<END
user = "libvirt-qemu"
group = "kvm"
security_driver = "none"
cgroup_controllers = []
namespaces = []
remember_owner = 0
stdio_handler = "file"
END
  for daemon in "${daemons[@]}"; do
    cat >"$dir/etc-libvirt/$daemon.conf" <<END
host_uuid = "$(cat "$dir/uuid")"
unix_sock_group = "libvirt"
unix_sock_rw_perms = "0770"
auth_unix_rw = "none"
log_outputs = "3:file:/var/log/libvirt/$daemon.log"
END
  done
  [ "${daemons[*]}" = libvirtd ] || echo 'uri_default = "qemu:///system"' >>"$dir/etc-libvirt/libvirt.conf" # Debian's virsh takes it for libvirtd's.
  cp /etc/passwd "$dir/passwd"
  cp /etc/group "$dir/group"
  sed 's/^root:.*/root:x:0:0:root:\/run\/home\/root:\/bin\/bash/' -i "$dir/passwd"
  (umask 077; echo 'root:*:19000:0:99999:7:::' >"$dir/shadow")
  if [ -n "$user" ]; then
    echo "$user:x:42000:42000::/run/home/$user:/bin/bash" >>"$dir/passwd"
    echo "$user:*:19000:0:99999:7:::" >>"$dir/shadow" # A star, not "!": without PAM sshd takes "!" for a locked account.
    sed "s/^\(libvirt:.*:\)$/\1$user/; t; s/^\(libvirt:.*\)$/\1,$user/" -i "$dir/group"
    echo "$user:x:42000:" >>"$dir/group"
  fi
  cat >"$dir/ssh/sshd_config" <<END
Include /etc/ssh/lab.conf
HostKey /etc/ssh/ssh_host_ed25519_key
AuthorizedKeysFile /etc/ssh/authorized_keys
PidFile /run/sshd.pid
StrictModes no
UsePAM no
PermitRootLogin prohibit-password
PasswordAuthentication no
MaxStartups 100
UseDNS no
LogLevel VERBOSE
Subsystem sftp internal-sftp
END
  : >"$dir/ssh/lab.conf" # What a test wants otherwise; the first value that sshd reads of an option counts.
  cp "$dir"/ssh_host_ed25519_key* "$dir/ssh/"
  cp "$lab/id.pub" "$dir/ssh/authorized_keys"
  chmod 644 "$dir/ssh/authorized_keys" "$dir/passwd" "$dir/group"
fi
# What a bare host installs writes these files anew, which it couldn't where they are mounts; after a reboot it has what it installed.
own() {
  [ -e "$2" ] || return 0
  if [ -n "$bare" ] && [ -z "$first" ] && [ "$2" != /etc/ssh ]; then return 0; fi
  if [ -n "$bare" ] && [ -f "$2" ]; then cp -a "$1" "$2"; else mount --bind "$1" "$2"; fi
}
own "$dir/etc-libvirt" /etc/libvirt
own "$dir/var-lib" /var/lib/libvirt
own "$dir/log" /var/log/libvirt
own "$dir/cache" /var/cache/libvirt
own "$dir/ssh" /etc/ssh
own "$dir/passwd" /etc/passwd
own "$dir/group" /etc/group
own "$dir/shadow" /etc/shadow
[ -z "$bare" ] || : >>/etc/hosts
own "$lab/etc-hosts" /etc/hosts
for folder in /var/lib/swtpm-localca /var/log/swtpm; do
  [ -e "$folder" ] || continue
  [ -e "$dir/own${folder//\//-}" ] || cp -a "$folder" "$dir/own${folder//\//-}"
  own "$dir/own${folder//\//-}" "$folder"
done
if [ -e "$lab/shared" ]; then mkdir -p /var/lib/libvirt/shared && mount --bind "$lab/shared" /var/lib/libvirt/shared; fi
mount -t tmpfs -o mode=755 tmpfs /run
mkdir -p /run/libvirt /run/sshd /run/lock /run/home/root
[ -z "$user" ] || install -d -o 42000 -g 42000 "/run/home/$user"
export HOME=/run/home/root
cd /

# A /dev without kvm: with a /dev/kvm that is there but doesn't work libvirt probes QEMU anew at every call.
mkdir -p "$dir/dev"
mount -t tmpfs -o mode=755 tmpfs "$dir/dev"
mkdir -p "$dir"/dev/{pts,shm,net,mapper}
for node in null zero full random urandom tty net/tun; do cp -a "/dev/$node" "$dir/dev/$node"; done
mount -t devpts -o newinstance,ptmxmode=0666,mode=620,gid=5 devpts "$dir/dev/pts"
mount -t tmpfs -o mode=1777 tmpfs "$dir/dev/shm"
ln -s pts/ptmx "$dir/dev/ptmx"
ln -s /proc/self/fd "$dir/dev/fd"
for i in 0:stdin 1:stdout 2:stderr; do ln -s "/proc/self/fd/${i%:*}" "$dir/dev/${i#*:}"; done
mount --rbind "$dir/dev" /dev

# Network: as on many a server, the address is on a bridge that guests may join. No default route: nothing leaves the lab.
for i in $(seq 250); do [ -e /sys/class/net/eth0 ] && break; sleep 0.02; done
[ -e /sys/class/net/eth0 ] || { echo "no eth0 within 5 s" >&2; exit 1; }
ip link set lo up
ip link add br0 type bridge
ip link set br0 address "$(cat /sys/class/net/eth0/address)" # Else it would change with every guest that joins.
ip link set eth0 master br0 up
ip addr add "$address/24" dev br0
ip link set br0 up

if [ -n "$init" ]; then
  # The kernel is shared with everything else on this machine: nothing here sets what is its, or hears of its devices.
  for unit in systemd-udevd.service systemd-udevd-{control,kernel,varlink}.socket systemd-udev-{trigger,settle}.service systemd-modules-load.service \
    systemd-sysctl.service systemd-binfmt.service proc-sys-fs-binfmt_misc.automount systemd-timesyncd.service systemd-pcrphase{,-sysinit}.service; do
    ln -sf /dev/null "/etc/systemd/system/$unit"
  done
  echo "$host" >/etc/hostname
  (
    until (: </dev/tcp/127.0.0.1/22) 2>/dev/null; do sleep 0.1; done
    : >"$dir/ready"
  ) >/dev/null 2>&1 &
  exec env -i container=lab "PATH=$PATH" "$init" --log-target=journal
fi
/usr/sbin/sshd -f /etc/ssh/sshd_config -E "$dir/sshd.log"
if [ -z "$bare" ]; then
  for daemon in "${daemons[@]}"; do "/usr/sbin/$daemon" --daemon; done
  for i in $(seq 300); do virsh -q -c qemu:///system list >/dev/null 2>&1 && break; sleep 0.05; done
fi
: >"$dir/ready"

# Bash reaps every child while it waits, adopted ones too. With a PID 1 that doesn't, destroying a guest stalls for 40 s.
sleep infinity &
while true; do wait || true; sleep 1; done
