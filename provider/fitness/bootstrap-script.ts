import { packagesFor, packagesWith } from "./packages.js";
import { imagePrograms } from "./tools.js";

/** Of the programs that do the same the first is enough. */
const PROGRAMS = imagePrograms.filter((program) => program !== "wget");

const WANTED = (["debian", "redhat"] as const)
  .flatMap((family) =>
    ["aarch64", "*"].map((machine) => {
      const always = new Set([...packagesFor(family, machine, "libvirt"), ...packagesWith(family, PROGRAMS)]);
      return `    ${family}-${machine})
      echo ${[...always].join(" ")}
      [ "$firmware" != yes ] || echo ${packagesFor(family, machine, "firmware").join(" ")}
      [ "$tpm" != yes ] || echo ${packagesFor(family, machine, "tpm").join(" ")} ;;`;
    }),
  )
  .join("\n");

/**
 * Makes a bare host fit: POSIX sh for a shell that reads it from its input and is root's. Its arguments are settings, NAME=VALUE each. Whatever is as it
 * should be is left alone; each change that it makes is a line "change=...", what it can't or mustn't do "note=...", and the last of its own lines is
 * "changes=NUMBER". What fails ends it with a reason on stderr; run again it goes on there.
 *
 * All is in functions, so that the shell has read it before anything runs that would read the same input.
 */
export const bootstrapScript = String.raw`
set -u
export LC_ALL=C PATH="$PATH:/usr/local/sbin:/usr/sbin:/sbin"
changes=0
has() { command -v "$1" >/dev/null 2>&1; }
note() { printf 'note=%s\n' "$*"; }
fail() { printf 'pulumi-kvm: %s\n' "$*" >&2; exit 1; }
changed() { changes=$((changes + 1)); printf 'change=%s\n' "$*"; }
# What programs print goes to stderr, so that stdout is what is read by machines.
loudly() { "$@" >&2; }
virsh() { command virsh -q -c qemu:///system "$@"; }

read_settings() {
  member='' pool='' pool_path='' bridge='' bridge_port='' firmware=yes tpm=yes
  for setting do
    value=${"$"}{setting#*=}
    case $setting in
      member=*) member=$value ;;
      pool=*) pool=$value ;;
      pool-path=*) pool_path=$value ;;
      bridge=*) bridge=$value ;;
      bridge-port=*) bridge_port=$value ;;
      firmware=*) firmware=$value ;;
      tpm=*) tpm=$value ;;
      *) fail "no such setting: $setting" ;;
    esac
  done
}

know_distribution() {
  [ -r /etc/os-release ] || fail "there is no /etc/os-release: this distribution isn't known"
  ids=$(. /etc/os-release; echo "${"$"}{ID:-} ${"$"}{ID_LIKE:-}")
  family=
  for id in $ids; do
    case $id in
      debian | ubuntu) family=debian; break ;;
      fedora | rhel | centos) family=redhat; break ;;
    esac
  done
  [ -n "$family" ] || fail "Debian, Ubuntu, Fedora and what is like RHEL are known, and not: $ids"
  machine=$(uname -m)
}

wanted_packages() {
  case $family-$machine in
${WANTED}
  esac
}

is_installed() {
  case $family in
    debian) [ "$(dpkg-query -W -f='${"$"}{db:Status-Status}' "$1" 2>/dev/null)" = installed ] ;;
    # A name that another package provides counts as well.
    redhat) rpm -q --whatprovides "$1" >/dev/null 2>&1 ;;
  esac
}

# Of a machine that has just started the system's own updates may hold the lock.
apt() { DEBIAN_FRONTEND=noninteractive loudly apt-get -q -o DPkg::Lock::Timeout=300 "$@"; }

install_packages() {
  missing=
  for package in $(wanted_packages); do is_installed "$package" || missing="$missing $package"; done
  [ -n "$missing" ] || return 0
  case $family in
    debian)
      apt update || note "apt-get update failed; going on with the lists that are there"
      apt install -y $missing || fail "apt-get install$missing failed" ;;
    redhat) loudly dnf -q install -y $missing || fail "dnf install$missing failed" ;;
  esac
  changed "installed$missing"
}

# VMs' filesystems need it. Older releases have it in QEMU's packages; in newer ones it is a package that nothing asks for.
install_virtiofsd() {
  for file in /usr/libexec/virtiofsd /usr/lib/qemu/virtiofsd; do [ ! -e "$file" ] || return 0; done
  ! is_installed virtiofsd || return 0
  case $family in
    debian) apt-cache policy virtiofsd 2>/dev/null | grep -q 'Candidate: [^(]' || return 0; apt install -y virtiofsd ;;
    redhat) dnf -q list --available virtiofsd >/dev/null 2>&1 || return 0; loudly dnf -q install -y virtiofsd ;;
  esac || { note "virtiofsd can't be installed: VMs with filesystems don't start"; return 0; }
  changed "installed virtiofsd"
}

# The device may be there before its driver is, and then can't be opened.
has_kvm() { [ -c /dev/kvm ] && (: <>/dev/kvm) 2>/dev/null; }

load_kvm() {
  ! has_kvm || return 0
  for pair in vmx:kvm_intel svm:kvm_amd; do
    if grep -qw "${"$"}{pair%:*}" /proc/cpuinfo 2>/dev/null && modprobe "${"$"}{pair#*:}" 2>/dev/null && has_kvm; then
      mkdir -p /etc/modules-load.d
      echo "${"$"}{pair#*:}" >/etc/modules-load.d/pulumi-kvm.conf
      changed "loaded the module ${"$"}{pair#*:}"
      return 0
    fi
  done
  note "no KVM: guests will be emulated"
}

join_groups() {
  [ -n "$member" ] && [ "$member" != root ] || return 0
  id "$member" >/dev/null 2>&1 || fail "there is no user $member"
  getent group libvirt >/dev/null || fail "there is no group libvirt, though libvirt is installed"
  case " $(id -nG "$member") " in *" libvirt "*) return 0 ;; esac
  loudly usermod -a -G libvirt "$member" || fail "$member can't be made a member of the group libvirt"
  changed "$member is a member of the group libvirt"
}

is_answering() { virsh version >/dev/null 2>&1; }

enable_unit() {
  [ "$(systemctl is-enabled "$1" 2>/dev/null)" != enabled ] || return 0
  loudly systemctl enable "$1" || fail "$1 can't be enabled"
  changed "$1 starts with the host"
}

start_unit() { # UNIT [SOCKET]: a service that has nothing to do ends, and its socket waits for the next visitor
  enable_unit "$1"
  ! systemctl is-active -q "$@" || return 0
  loudly systemctl start "$1" || fail "$1 doesn't start; see: journalctl -u $1"
  changed "started $1"
}

start_directly() {
  started=
  for daemon; do
    has "$daemon" && ! pgrep -x "$daemon" >/dev/null 2>&1 || continue
    loudly "$daemon" --daemon || fail "$daemon doesn't start"
    started="$started $daemon"
  done
  [ -n "$started" ] || return 0
  note "without systemd nothing starts$started with the host"
  changed "started$started"
}

start_daemons() {
  if [ -d /run/systemd/system ]; then
    # Debian's and Ubuntu's one daemon, or the daemons that Fedora 35 and RHEL 9 have begun with; never both.
    if systemctl cat virtqemud.socket >/dev/null 2>&1 && ! systemctl is-active -q libvirtd.service &&
      [ "$(systemctl is-enabled libvirtd.service 2>/dev/null)" != enabled ]; then
      for unit in virtqemud virtnetworkd virtstoraged virtnodedevd virtsecretd virtnwfilterd; do
        ! systemctl cat "$unit.socket" >/dev/null 2>&1 || start_unit "$unit.socket"
      done
      # What has autostart is started by these, and not by their sockets.
      for unit in virtnetworkd virtstoraged virtqemud; do
        ! systemctl cat "$unit.service" >/dev/null 2>&1 || enable_unit "$unit.service"
      done
    else
      start_unit libvirtd.service libvirtd.socket
    fi
  elif has virtqemud && ! has libvirtd; then
    start_directly virtnetworkd virtstoraged virtnodedevd virtsecretd virtnwfilterd virtqemud
  elif ! is_answering; then
    has libvirtd || fail "libvirt isn't there, though its packages are"
    start_directly libvirtd
  fi
  tries=0
  until is_answering; do
    tries=$((tries + 1))
    [ "$tries" -lt 30 ] || fail "libvirt doesn't answer within 30 s: $(virsh version 2>&1 | tail -n 1)"
    sleep 1
  done
}

make_pool() {
  [ -n "$pool" ] || return 0
  if ! virsh pool-info "$pool" >/dev/null 2>&1; then
    loudly virsh pool-define-as "$pool" dir --target "$pool_path" || fail "the pool $pool can't be defined"
    changed "defined the pool $pool at $pool_path"
  else
    path=$(virsh pool-dumpxml "$pool" | sed -n 's:.*<path>\(.*\)</path>.*:\1:p' | head -n 1)
    [ "$path" = "$pool_path" ] || note "the pool $pool is at $path, and stays there"
  fi
  state=$(virsh pool-info "$pool")
  if ! printf '%s\n' "$state" | grep -q '^State: *running'; then
    loudly virsh pool-build "$pool" || fail "the folder of the pool $pool can't be made"
    loudly virsh pool-start "$pool" || fail "the pool $pool doesn't start"
    changed "started the pool $pool"
  fi
  if ! printf '%s\n' "$state" | grep -q '^Autostart: *yes'; then
    loudly virsh pool-autostart "$pool" || fail "the pool $pool can't be made to start with the host"
    changed "the pool $pool starts with the host"
  fi
}

has_address() { [ -n "$(ip -o addr show dev "$1" scope global 2>/dev/null)" ]; }
is_in_bridge() { [ "$(basename "$(readlink -f "/sys/class/net/$1/master" 2>/dev/null)")" = "$2" ]; }

# Of a file whose text is this already nothing is written.
write_file() {
  [ "$(cat "$1" 2>/dev/null)" != "$2" ] || return 1
  printf '%s\n' "$2" >"$1.new" && mv "$1.new" "$1" || fail "$1 can't be written"
}

make_bridge() {
  [ -n "$bridge" ] || return 0
  if [ -e "/sys/class/net/$bridge" ] && [ ! -d "/sys/class/net/$bridge/bridge" ]; then fail "$bridge is there, and is no bridge"; fi
  if [ -n "$bridge_port" ] && ! is_in_bridge "$bridge_port" "$bridge"; then
    [ -e "/sys/class/net/$bridge_port" ] || fail "there is no network device $bridge_port"
    # Its address would have to move along, and with it the connection over which this is done.
    ! has_address "$bridge_port" || fail "$bridge_port has an address: move it to a bridge by the distribution's own means"
  fi
  if has nmcli && nmcli -t general status >/dev/null 2>&1; then bridge_by_networkmanager
  elif [ -d /run/systemd/system ] && systemctl is-active -q systemd-networkd; then bridge_by_networkd
  elif [ -d /run/systemd/system ] && has ifup && [ -d /etc/network/interfaces.d ]; then bridge_by_ifupdown
  else note "the bridge $bridge is gone with the next reboot: neither NetworkManager, systemd-networkd nor ifupdown is there"
  fi
  if [ ! -d "/sys/class/net/$bridge/bridge" ]; then
    loudly ip link add "$bridge" type bridge && loudly ip link set "$bridge" up || fail "the bridge $bridge can't be made"
    changed "made the bridge $bridge"
  fi
  if [ -n "$bridge_port" ] && ! is_in_bridge "$bridge_port" "$bridge"; then
    loudly ip link set "$bridge_port" master "$bridge" && loudly ip link set "$bridge_port" up || fail "$bridge_port can't be put into $bridge"
    changed "put $bridge_port into the bridge $bridge"
  fi
}

bridge_by_networkmanager() {
  if ! nmcli -t -f NAME connection show | grep -qx "pulumi-kvm-$bridge"; then
    loudly nmcli connection add type bridge con-name "pulumi-kvm-$bridge" ifname "$bridge" ipv4.method disabled ipv6.method ignore \
      bridge.stp no || fail "NetworkManager doesn't take the bridge $bridge"
    changed "the bridge $bridge is NetworkManager's connection pulumi-kvm-$bridge"
  fi
  if [ -n "$bridge_port" ] && ! nmcli -t -f NAME connection show | grep -qx "pulumi-kvm-$bridge-$bridge_port"; then
    loudly nmcli connection add type ethernet con-name "pulumi-kvm-$bridge-$bridge_port" ifname "$bridge_port" master "$bridge" ||
      fail "NetworkManager doesn't put $bridge_port into $bridge"
    changed "$bridge_port is in it by the connection pulumi-kvm-$bridge-$bridge_port"
  fi
}

bridge_by_networkd() {
  wrote=
  write_file "/etc/systemd/network/60-pulumi-kvm-$bridge.netdev" "[NetDev]
Name=$bridge
Kind=bridge" && wrote=yes
  write_file "/etc/systemd/network/60-pulumi-kvm-$bridge.network" "[Match]
Name=$bridge
[Network]
LinkLocalAddressing=no
ConfigureWithoutCarrier=yes" && wrote=yes
  if [ -n "$bridge_port" ]; then
    write_file "/etc/systemd/network/50-pulumi-kvm-$bridge_port.network" "[Match]
Name=$bridge_port
[Network]
Bridge=$bridge" && wrote=yes
  fi
  [ -n "$wrote" ] || return 0
  changed "the bridge $bridge is in /etc/systemd/network"
  loudly networkctl reload || note "networkctl reload failed"
}

bridge_by_ifupdown() {
  write_file "/etc/network/interfaces.d/pulumi-kvm-$bridge" "auto $bridge
iface $bridge inet manual
  pre-up ip link add $bridge type bridge || true
  pre-up test -z '$bridge_port' || ip link set '$bridge_port' master $bridge up
  post-down ip link del $bridge || true" || return 0
  changed "the bridge $bridge is in /etc/network/interfaces.d"
}

bootstrap() {
  [ "$(id -u)" = 0 ] || fail "this needs root's rights"
  read_settings "$@"
  know_distribution
  install_packages
  install_virtiofsd
  load_kvm
  join_groups
  start_daemons
  make_pool
  make_bridge
  printf 'changes=%s\n' "$changes"
  [ "$changes" != 0 ] || printf 'note=all was as it should be: nothing was changed\n'
}
`;
