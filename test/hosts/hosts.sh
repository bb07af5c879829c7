#!/bin/bash
# Test hosts: real sshd, libvirtd and QEMU in namespaces of one machine, addresses of their own, no agent, no container engine.
#
#   hosts.sh up [--hosts N] [--names a,b,..] [--prefix P] [--owner PID] [--user NAME] [--shared] [--system HOST=FOLDER]..
#                                     prints the lab's folder; --system: that host has the root file system in that folder, or in
#                                     several, FOLDER:FOLDER, of which the first is on top
#   hosts.sh down FOLDER              ends the hosts and removes everything
#   hosts.sh host-up FOLDER HOST      powers a host on again (its disks and definitions as they were)
#   hosts.sh host-down FOLDER HOST    pulls a host's plug
#   hosts.sh exec FOLDER HOST CMD...  runs a command in a host
#   hosts.sh list                     folders of the labs that are up
#   hosts.sh sweep                    removes labs whose owner has gone
#   hosts.sh check                    says what is missing here; exit 1 when something is
#
# Everything is written under $PULUMI_KVM_LAB. The one thing visible outside is a veth named kvmlab<slot>, at 10.214.<slot>.1/24:
# the bridge that joins the hosts lives in a namespace of its own, so that a FORWARD policy or br_netfilter of this machine
# (a container engine brings both) can't drop what the hosts say to each other.
# $PULUMI_KVM_LAB_SYSTEMS, "HOST=FOLDER ..", is --system for the labs that tests bring up.
# Labs with --owner are removed by the next start after that process has gone; others stay until `down` or a reboot.
set -euo pipefail
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8
here=$(dirname "$(readlink -f "$0")")
base=${PULUMI_KVM_LAB:-/var/tmp/pulumi-kvm-lab}

die() { echo "hosts.sh: $*" >&2; exit 1; }

# A process id is reused sooner or later; with its start time (field 22 of stat, counted after the last parenthesis) it is unique
# until the next boot. One that has ended counts as gone even if nobody reaps it: in a container PID 1 often doesn't.
start_time() {
  local line
  line=$(cat "/proc/$1/stat" 2>/dev/null) || return 1
  line=${line##*) }
  [ "${line:0:1}" != Z ] || return 1
  set -- $line
  echo "${20}"
}
record() { echo "$2 $(start_time "$2")" >"$1.new" && mv "$1.new" "$1"; }
recorded() { # FILE: prints the process id in it when that process is still alive
  local pid started
  { read -r pid started <"$1"; } 2>/dev/null || return 1
  [ "$(start_time "$pid")" = "$started" ] && echo "$pid"
}
until_gone() { local i; for i in $(seq 500); do start_time "$1" >/dev/null || return 0; sleep 0.02; done; die "process $1 does not end"; }

check() {
  local missing=() command
  [ "$(id -u)" = 0 ] || missing+=("root (namespaces, bridges and mounts need it)")
  for command in unshare:util-linux nsenter:util-linux flock:util-linux setsid:util-linux ip:iproute2 tc:iproute2 iptables:iptables \
    ssh-keygen:openssh-client sshd:openssh-server libvirtd:libvirt-daemon-system virsh:libvirt-clients qemu-img:qemu-utils \
    qemu-system-x86_64:qemu-system-x86 dnsmasq:dnsmasq-base busybox:busybox-static cpio:cpio \
    lz4:lz4; do
    type -P "${command%%:*}" >/dev/null || missing+=("${command%%:*} (Debian package ${command##*:})")
  done
  compgen -G '/boot/vmlinuz-*-cloud-amd64' >/dev/null || missing+=("/boot/vmlinuz-*-cloud-amd64 (Debian package linux-image-cloud-amd64)")
  [ -c /dev/net/tun ] || missing+=("/dev/net/tun (kernel module tun)")
  if [ ${#missing[@]} = 0 ]; then unshare -m -u -i -n -p --fork true 2>/dev/null || missing+=("permission to make namespaces"); fi
  [ ${#missing[@]} = 0 ] || { printf '%s\n' "${missing[@]}"; return 1; }
}

end_host() { # FOLDER HOST. The wire first: dying processes would close their connections, which a host without power does not
  local pid switch
  if switch=$(recorded "$1/switch.pid"); then nsenter -t "$switch" -n ip link del "$2" 2>/dev/null || true; fi
  # All that runs in the namespaces of a PID 1 ends with it.
  if pid=$(recorded "$1/hosts/$2/pid"); then kill -KILL "$pid" 2>/dev/null || true; until_gone "$pid"; fi
  rm -f "$1/hosts/$2/pid"
  if [ -d "$1/hosts/$2/cgroup" ]; then remove_groups "$1" "$2"; fi
}

# Of a host with systemd, from the inside out. The kernel lets go of them a moment after the last process.
remove_groups() { # FOLDER HOST
  local group tree i
  tree=$(mktemp -d)
  mount -t cgroup2 cgroup2 "$tree"
  group=$tree/pulumi-kvm-$(basename "$1")-$2
  for i in $(seq 100); do
    find "$group" -depth -type d -exec rmdir {} + 2>/dev/null || true
    [ -d "$group" ] || break
    sleep 0.02
  done
  umount "$tree"
  rmdir "$tree"
}

remove() {
  local host pid
  for host in "$1"/hosts/*/; do pid=$(recorded "${host}pid") && kill -KILL "$pid" 2>/dev/null || true; done # All at once: each takes a second.
  for host in "$1"/hosts/*/; do [ -d "$host" ] && end_host "$1" "$(basename "$host")"; done
  if pid=$(recorded "$1/switch.pid"); then
    # The kernel takes the namespace down some time after its last process; the link's name and subnet are to be free now.
    nsenter -t "$pid" -n ip link del uplink 2>/dev/null || true
    kill -KILL "$pid" 2>/dev/null || true
    until_gone "$pid"
  fi
  rm -rf --one-file-system "$1"
}

sweep() { # A lab stays while it has its switch and, if it has an owner, while that lives
  local lab
  for lab in "$base"/labs/*/; do
    lab=${lab%/}
    [ -e "$lab/boot" ] || continue
    if [ "$(cat "$lab/boot")" != "$(cat /proc/sys/kernel/random/boot_id)" ]; then
      rm -rf --one-file-system "$lab" # Its process ids belong to others now.
    elif ! recorded "$lab/switch.pid" >/dev/null || { [ -e "$lab/owner" ] && ! recorded "$lab/owner" >/dev/null; }; then
      remove "$lab"
    fi
  done
}

start_host() { # FOLDER HOST ADDRESS
  local lab=$1 host=$2 address=$3 dir=$1/hosts/$2 switch pid i
  switch=$(recorded "$lab/switch.pid") || die "the lab $lab is not up"
  recorded "$dir/pid" >/dev/null && return
  mkdir -p "$dir"
  rm -f "$dir/pid"
  setsid unshare -m -u -i -n -p --fork --kill-child "$here/host.sh" "$lab" "$host" "$address" >"$dir/start.log" 2>&1 </dev/null 9>&- &
  for i in $(seq 250); do pid=$(recorded "$dir/pid") && break; start_time $! >/dev/null || break; sleep 0.02; done
  [ -n "${pid:-}" ] || die "$host does not start: $(cat "$dir/start.log")"
  local mac # Fixed: after a power cycle the neighbours still have it in their tables.
  mac=$(printf '02:4b:%02x:%02x:%02x:%02x' ${address//./ })
  nsenter -t "$switch" -n ip link add "$host" type veth peer name eth0 address "$mac" netns "$pid"
  nsenter -t "$switch" -n ip link set "$host" master br0 up
}

until_ready() { # FOLDER HOST
  local pid i
  for i in $(seq 600); do
    pid=$(recorded "$1/hosts/$2/pid") || die "$2 has ended: $(cat "$1/hosts/$2/start.log")"
    [ -e "$1/hosts/$2/ready" ] && return
    sleep 0.05
  done
  die "$2 is not ready within 30 s: $(cat "$1/hosts/$2/start.log")"
}

up() {
  local count=2 names=() prefix=lab owner='' user='' shared='' systems=() system lab slot switch i host
  while [ $# -gt 0 ]; do
    case $1 in
      --hosts) count=$2; shift 2 ;;
      --names) IFS=, read -ra names <<<"$2"; shift 2 ;;
      --prefix) prefix=$2; shift 2 ;;
      --owner) owner=$2; shift 2 ;;
      --user) user=$2; shift 2 ;;
      --shared) shared=yes; shift ;;
      --system) systems+=("$2"); shift 2 ;;
      *) die "unknown option $1" ;;
    esac
  done
  if [ ${#names[@]} = 0 ]; then names=(alpha beta gamma delta epsilon zeta eta theta); names=("${names[@]:0:$count}"); fi
  for host in "${names[@]}" "$prefix"; do [[ $host =~ ^[a-z][a-z0-9-]{0,13}$ ]] || die "a name is up to 14 of a-z, 0-9 and -: '$host'"; done
  check >&2 || die "the above is missing"

  mkdir -p -m 700 "$base"
  [ -O "$base" ] || die "$base belongs to somebody else"
  chmod 711 "$base" # QEMU gets to its disks and kernels, and nobody sees what else there is.
  mkdir -p "$base/labs"
  exec 9>"$base/lock"
  flock 9
  sweep
  setsid unshare -n sleep infinity >/dev/null 2>&1 </dev/null 9>&- &
  switch=$!
  disown
  # unshare becomes sleep by exec; before that the namespace is still ours.
  for i in $(seq 250); do [ "$(readlink "/proc/$switch/ns/net")" != "$(readlink /proc/self/ns/net)" ] && break; sleep 0.02; done
  # The name of the link is the claim: the kernel gives it once on this machine, whatever folder a lab uses.
  for slot in $(seq 1 250); do
    [ -z "$(ip -4 route show root 10.214.$slot.0/24)" ] || continue
    [ ! -e "$base/labs/$prefix-$slot" ] || continue
    ip link add "kvmlab$slot" type veth peer name uplink netns "$switch" 2>/dev/null && break
  done
  [ -e "/sys/class/net/kvmlab$slot" ] || { kill -KILL "$switch"; die "no subnet 10.214.x.0/24 is free"; }
  lab=$base/labs/$prefix-$slot
  mkdir -p "$lab/hosts"
  record "$lab/switch.pid" "$switch"
  [ -z "$owner" ] || record "$lab/owner" "$owner"
  cat /proc/sys/kernel/random/boot_id >"$lab/boot"
  flock -u 9
  exec 9>&-
  trap 'remove "$lab"' ERR EXIT

  ip addr add "10.214.$slot.1/24" dev "kvmlab$slot"
  ip link set "kvmlab$slot" up
  nsenter -t "$switch" -n sh -ec 'ip link add br0 type bridge; ip link set br0 up; ip link set uplink master br0 up'
  [ -z "$shared" ] || mkdir "$lab/shared"
  echo "$user" >"$lab/user"
  ssh-keygen -q -t ed25519 -N '' -C "$prefix-$slot" -f "$lab/id"
  echo '127.0.0.1 localhost' >"$lab/etc-hosts"
  local address=() lines=() line
  for i in "${!names[@]}"; do
    host=${names[$i]} address[i]=10.214.$slot.$((11 + i))
    mkdir -p "$lab/hosts/$host"
    ssh-keygen -q -t ed25519 -N '' -C "$host" -f "$lab/hosts/$host/ssh_host_ed25519_key"
    cat /proc/sys/kernel/random/uuid >"$lab/hosts/$host/uuid"
    echo "${address[i]} $host" >>"$lab/etc-hosts"
    echo "$host,${address[i]} $(cut -d' ' -f1,2 "$lab/hosts/$host/ssh_host_ed25519_key.pub")" >>"$lab/known_hosts"
    printf 'Host %s %s\n  HostName %s\n  User %s\n  IdentityFile %s\n  IdentitiesOnly yes\n  UserKnownHostsFile %s\n\n' \
      "$host" "${address[i]}" "${address[i]}" root "$lab/id" "$lab/known_hosts" >>"$lab/ssh_config"
    line=$(printf '{ "name": "%s", "address": "%s", "uuid": "%s" }' "$host" "${address[i]}" "$(cat "$lab/hosts/$host/uuid")")
    lines+=("$line")
    echo "${address[i]}" >"$lab/hosts/$host/address"
  done
  for system in ${PULUMI_KVM_LAB_SYSTEMS:-} "${systems[@]}"; do
    [ ! -e "$lab/hosts/${system%%=*}" ] || echo "${system#*=}" >"$lab/hosts/${system%%=*}/system"
  done
  printf '#!/bin/sh\nexec ssh -F %s "$@"\n' "$lab/ssh_config" >"$lab/ssh"
  chmod +x "$lab/ssh"
  line=$(printf '    %s,\n' "${lines[@]}")
  printf '{\n  "folder": "%s",\n  "slot": %s,\n  "gateway": "10.214.%s.1",\n  "switchPid": %s,\n  "user": "%s",\n  "hosts": [\n%s\n  ]\n}\n' \
    "$lab" "$slot" "$slot" "$switch" "$user" "${line%,}" >"$lab/lab.json"
  for i in "${!names[@]}"; do start_host "$lab" "${names[$i]}" "${address[$i]}"; done
  for host in "${names[@]}"; do until_ready "$lab" "$host"; done
  trap - ERR EXIT
  echo "$lab"
}

lab_folder() { [ -e "$1/lab.json" ] && [ "$(dirname "$(readlink -f "$1")")" = "$(readlink -f "$base")/labs" ] || die "'$1' is not the folder of a lab"; }

action=${1:-}
shift || true
case $action in
  up) up "$@" ;;
  down) lab_folder "$1"; remove "$(readlink -f "$1")" ;;
  host-up) lab_folder "$1"; rm -f "$1/hosts/$2/ready"; start_host "$1" "$2" "$(cat "$1/hosts/$2/address")"; until_ready "$1" "$2" ;;
  host-down) lab_folder "$1"; end_host "$1" "$2" ;;
  exec)
    lab_folder "$1"
    pid=$(recorded "$1/hosts/$2/pid") || die "$2 is not up"
    shift 2
    exec nsenter -t "$pid" -m -u -i -n -p -- env HOME=/run/home/root "$@"
    ;;
  list) for lab in "$base"/labs/*/; do [ -e "$lab/lab.json" ] && recorded "$lab/switch.pid" >/dev/null && echo "${lab%/}"; done || true ;;
  sweep) [ ! -d "$base/labs" ] || { exec 9>"$base/lock"; flock 9; sweep; } ;;
  check) check ;;
  *) die "what shall be done? up, down, host-up, host-down, exec, list, sweep or check" ;;
esac
