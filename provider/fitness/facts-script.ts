import { shapingModules } from "./shaping.js";
import { imagePrograms, presentPrograms } from "./tools.js";

/**
 * What a host is asked for beside what its libvirt says: POSIX sh without arguments, of which each line that it prints is a key, "=" and a value.
 * It changes nothing, needs no rights, and each command in it that could wait for something is bounded.
 */
export const factsScript = String.raw`
export LC_ALL=C PATH="$PATH:/usr/local/sbin:/usr/sbin:/sbin"
say() { printf '%s=%s\n' "$1" "$(printf '%s' "$2" | tr '\000-\037\177' ' ' | cut -c1-400)"; }
has() { command -v "$1" >/dev/null 2>&1; }
bounded() { if has timeout; then timeout 5 "$@"; else "$@"; fi; }
clock() { date +%s.%N; }

say clock "$(clock)"
if [ -r /etc/os-release ]; then
  (
    . /etc/os-release
    say os.id "$ID"
    say os.like "$ID_LIKE"
    say os.name "$PRETTY_NAME"
  ) 2>/dev/null
fi
say architecture "$(uname -m)"
say kernel "$(uname -r)"
say user "$(id -un)"
say uid "$(id -u)"
say groups "$(id -Gn)"
if [ "$(id -u)" != 0 ]; then
  if ! has sudo; then say sudo absent; elif bounded sudo -n true >/dev/null 2>&1; then say sudo free; else say sudo asks; fi
fi

if has apt-get && ! ls /var/lib/apt/lists 2>/dev/null | grep -q Packages; then say packages unlisted; fi
for socket in /run/libvirt/virtqemud-sock /run/libvirt/libvirt-sock; do
  [ -S "$socket" ] || continue
  if [ -r "$socket" ] && [ -w "$socket" ]; then say socket "usable $socket"; else say socket "denied $socket"; fi
done
# What virtqemud asks of daemons beside it.
if [ -S /run/libvirt/virtqemud-sock ]; then
  for daemon in virtnetworkd virtstoraged virtsecretd virtnwfilterd; do
    if [ -S "/run/libvirt/$daemon-sock" ]; then continue; elif has "$daemon"; then say driver "halted $daemon"; else say driver "absent $daemon"; fi
  done
fi
if has systemctl && [ -d /run/systemd/system ]; then
  say systemd yes
  id= load= active= enabled=
  {
    bounded systemctl show --property=Id,LoadState,ActiveState,UnitFileState libvirtd.socket libvirtd.service virtqemud.socket virtqemud.service \
      virtnetworkd.socket virtstoraged.socket firewalld.service ufw.service 2>/dev/null
    echo
  } | while IFS='=' read -r key value; do
    case $key in
      Id) id=$value ;;
      LoadState) load=$value ;;
      ActiveState) active=$value ;;
      UnitFileState) enabled=$value ;;
      '')
        [ -z "$id" ] || say unit "$id $load $active ${"$"}{enabled:--}"
        id= load= active= enabled= ;;
    esac
  done
fi
for program in libvirtd virtqemud; do
  has "$program" && say daemon "$program $("$program" --version 2>/dev/null | sed -n 's/.* \([0-9][0-9.]*\)$/\1/p' | head -n 1)"
  if has pgrep && pgrep -x "$program" >/dev/null 2>&1; then say running "$program"; fi
done
# The first of these is what libvirt takes; without any it makes itself another UUID at each start.
if grep -Eqs '^ *host_uuid(_source)? *=' /etc/libvirt/virtqemud.conf /etc/libvirt/libvirtd.conf; then say uuid configured
elif [ -e /sys/class/dmi/id/product_uuid ]; then say uuid firmware
elif [ -d /etc/libvirt ] && [ -r /etc/libvirt ] && [ -x /etc/libvirt ]; then say uuid fleeting
fi
for program in "qemu-system-$(uname -m)" /usr/libexec/qemu-kvm qemu-kvm; do
  has "$program" || continue
  say qemu "$("$program" --version 2>/dev/null | sed -n '1s/.*version \([0-9][0-9.]*\).*/\1/p')"
  break
done

if [ -c /dev/kvm ]; then
  # Distributions make the device before there is a driver for it; then nobody can open it.
  if ! { [ -r /dev/kvm ] && [ -w /dev/kvm ]; }; then say kvm.device denied
  elif (: <>/dev/kvm) 2>/dev/null; then say kvm.device usable
  else say kvm.device driverless
  fi
  say kvm.mode "$(stat -c '%a %U %G' /dev/kvm 2>/dev/null)"
else
  say kvm.device absent
fi
for module in kvm_intel kvm_amd; do
  [ -d "/sys/module/$module" ] && say kvm.module "$module"
  [ -r "/sys/module/$module/parameters/nested" ] && say kvm.nested "$(cat "/sys/module/$module/parameters/nested")"
done
say cpu.name "$(sed -n 's/^model name[^:]*: *//p' /proc/cpuinfo 2>/dev/null | head -n 1)"
flags=" $(sed -n 's/^flags[^:]*: *//p' /proc/cpuinfo 2>/dev/null | head -n 1) "
for flag in vmx svm hypervisor; do
  case $flags in *" $flag "*) say cpu.flag "$flag" ;; esac
done
count() { [ -e "$1" ] || shift; say "$key" "$#"; }
key=iommu.units; count /sys/class/iommu/*
key=iommu.groups; count /sys/kernel/iommu_groups/*
for file in /usr/share/OVMF/OVMF_CODE*.fd /usr/share/edk2/ovmf/OVMF_CODE*.fd /usr/share/edk2*/x64/OVMF_CODE*.fd /usr/share/qemu/ovmf-x86_64*.bin \
  /usr/share/AAVMF/AAVMF_CODE*.fd /usr/share/edk2/aarch64/QEMU_EFI*; do
  if [ -e "$file" ]; then say firmware "$file"; break; fi
done
configuration="$({ if [ -r /proc/config.gz ]; then zcat /proc/config.gz; else cat "/boot/config-$(uname -r)"; fi; } 2>/dev/null | grep -E '^CONFIG_NET_(SCH|CLS|ACT)_')"
if [ -n "$configuration" ]; then
  say shaping known
  for module in ${shapingModules.join(" ")}; do
    case "$configuration" in *"CONFIG_NET_$(echo "$module" | tr a-z A-Z)=y"*) continue ;; esac
    [ -d "/sys/module/$module" ] || modprobe -n -q "$module" 2>/dev/null || say shaping.missing "$module"
  done
fi
if has swtpm && has swtpm_setup; then say swtpm yes; fi
present() {
${presentPrograms}
}
present ${imagePrograms.join(" ")} | while read -r each; do say program "$each"; done

tls=
if [ -r /etc/libvirt/qemu.conf ]; then
  for name in default_tls_x509_cert_dir migrate_tls_x509_cert_dir; do
    value=$(sed -n "s/^ *$name *= *\"\([^\"]*\)\".*/\1/p" /etc/libvirt/qemu.conf 2>/dev/null | tail -n 1)
    [ -z "$value" ] || tls=$value
  done
  say ports.low "$(sed -n 's/^ *migration_port_min *= *\([0-9]*\).*/\1/p' /etc/libvirt/qemu.conf | tail -n 1)"
  say ports.high "$(sed -n 's/^ *migration_port_max *= *\([0-9]*\).*/\1/p' /etc/libvirt/qemu.conf | tail -n 1)"
fi
tls=${"$"}{tls:-/etc/pki/qemu}
say tls.folder "$tls"
if [ -d "$tls" ] && ! [ -x "$tls" ]; then
  say tls.file unreadable
else
  for file in ca-cert.pem server-cert.pem server-key.pem client-cert.pem client-key.pem; do
    [ -e "$tls/$file" ] && say tls.file "$file"
  done
  if has openssl && [ -r "$tls/server-cert.pem" ]; then
    say tls.until "$(openssl x509 -noout -enddate -in "$tls/server-cert.pem" 2>/dev/null | sed 's/^notAfter=//')"
  fi
fi

say hostname "$(uname -n)"
has ip && bounded ip -o addr show scope global 2>/dev/null | while read -r _ device _ address _; do
  case $device in lo | docker* | virbr* | vnet*) ;; *) say address "${"$"}{address%%/*}" ;; esac
done
if [ -d /run/systemd/system ] && has timedatectl; then
  say clock.synchronised "$(bounded timedatectl show --property=NTPSynchronized --value 2>/dev/null)"
  say clock.keeper "$(bounded timedatectl show --property=CanNTP --value 2>/dev/null)"
fi
for program in perl python3 /usr/libexec/platform-python; do
  if has "$program"; then say listener "$program"; break; fi
done
say clock "$(clock)"
exit 0
`;
