#!/bin/sh
# PID 1 of the tick guest. Everything it has to say goes to the serial console, one fact a line.
export PATH=/bin
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs dev /dev
exec >/dev/ttyS0 2>&1 </dev/null
stty -onlcr <&1 2>/dev/null
echo 3 >/proc/sys/kernel/printk
# What only share= needs is a twentieth of a boot.
read -r line </proc/cmdline
while read -r module; do
  case "$module $line" in fuse.ko\ *share=* | virtiofs.ko\ *share=*) ;; fuse.ko* | virtiofs.ko*) continue ;; esac
  insmod "/modules/$module" 2>/dev/null
done </modules/order

# The power button: busybox acpid hears it through evdev (module button) and runs the file that its built-in table names.
acpid -f -c /etc/acpi -l /dev/null -p /acpid.pid &

# Memory and processors that are plugged in come into use at once.
echo online >/sys/devices/system/memory/auto_online_blocks 2>/dev/null

# A medium that somebody takes out is out: the drive stays open, and isn't locked while we look at it.
echo 0 >/proc/sys/dev/cdrom/autoclose 2>/dev/null
echo 0 >/proc/sys/dev/cdrom/lock 2>/dev/null

# hold=vdb: once it is there the disk is kept open, as by one who has mounted it; a drive locks itself then.
hold() {
  held=$1
  echo 1 >/proc/sys/dev/cdrom/lock 2>/dev/null
  true <"/dev/$1" && exec 7<"/dev/$1" && echo "holds $1"
}
held=
# sleep=8: at that tick it suspends itself to RAM, once.
tires=
for word in $(cat /proc/cmdline); do case $word in hold=*) wanted=${word#hold=} ;; sleep=*) tires=${word#sleep=} ;; esac; done

# Prints what has changed since it was called last: memory, processors, sizes of disks. No process is made: it is called at every tick.
report() {
  for file in /sys/devices/system/cpu/cpu[0-9]*/online; do
    [ -e "$file" ] && read -r online <"$file" && [ "$online" = 0 ] && echo 1 >"$file"
  done
  while read -r key value unit; do
    [ "$key" = MemTotal: ] || continue
    [ "$value" = "$memory" ] || echo "memory $value"
    memory=$value
    break
  done </proc/meminfo
  count=0
  while read -r key value; do case $key in processor) count=$((count + 1)) ;; esac; done </proc/cpuinfo
  [ "$count" = "$cpus" ] || echo "cpus $count"
  cpus=$count
  now=
  for folder in /sys/block/vd* /sys/block/sd* /sys/block/sr*; do
    [ -e "$folder" ] || continue
    # The kernel looks for another medium when the drive is opened.
    case $folder in */"$held") ;; */sr*) { true <"/dev/${folder##*/}"; } 2>/dev/null ;; esac
    read -r sectors <"$folder/size" || continue
    now="$now ${folder##*/}=$((sectors * 512))"
  done
  if [ "$now" != "$disks" ]; then
    for disk in $now; do case " $disks " in *" $disk "*) ;; *) echo "disk ${disk%=*} ${disk#*=}" ;; esac; done
    for disk in $disks; do case " $now " in *" ${disk%=*}="*) ;; *) echo "disk ${disk%=*} gone" ;; esac; done
    disks=$now
  fi
  random=none
  { read -r random </sys/class/misc/hw_random/rng_current; } 2>/dev/null
  [ "$random" = "$rng" ] || echo "rng $random"
  rng=$random
  case " $now" in *" $wanted="[1-9]*) [ "$held" = "$wanted" ] || hold "$wanted" ;; esac
}
wanted=${wanted:-nothing}
report

# write=vda:text and write=vda@MiB:text write, read=vda and read=vda@MiB print `content vda text`. show=sr0 and show=sr0:OPTIONS (of mount)
# print what is on a CD-ROM: `sr0 PATH MODE` for each file, `sr0 PATH: LINE` for each of its lines, or `sr0 not mounted`. show=fwcfg prints
# what QEMU hands over for Ignition.
read -r line </proc/cmdline
echo "commandline $line"
for word in $line; do
  case $word in
    write=*:*)
      where=${word#write=} text=${word#*:}
      where=${where%%:*} at=0
      case $where in *@*) at=${where#*@} ;; esac
      printf '%s\n' "$text" | dd of="/dev/${where%@*}" bs=1M seek="$at" conv=notrunc,fsync 2>/dev/null && echo "wrote $where $text"
      ;;
    read=*)
      where=${word#read=} at=0
      case $where in *@*) at=${where#*@} ;; esac
      text=$(dd if="/dev/${where%@*}" bs=512 count=1 skip=$((at * 2048)) 2>/dev/null | tr -d '\0' | head -n 1)
      echo "content $where $text"
      ;;
    show=fwcfg)
      while IFS= read -r text || [ -n "$text" ]; do echo "fwcfg: $text"; done </sys/firmware/qemu_fw_cfg/by_name/opt/com.coreos/config/raw
      ;;
    show=*)
      where=${word#show=} options=ro
      case $where in *:*) options=ro,${where#*:} ;; esac
      where=${where%%:*}
      for turn in 1 2 3 4 5 6 7 8 9 10; do [ -b "/dev/$where" ] && break || sleep 0.2; done
      mkdir -p /mnt
      mount -t iso9660 -o "$options" "/dev/$where" /mnt 2>/dev/null || { echo "$where not mounted" && continue; }
      find /mnt -type f | sort | while read -r file; do
        echo "$where ${file#/mnt/} $(stat -c %a "$file")"
        while IFS= read -r text || [ -n "$text" ]; do echo "$where ${file#/mnt/}: $text"; done <"$file"
      done
      umount /mnt
      ;;
    # A folder of the host's: what is in its file `hello` goes into its file `answer` too.
    share=*)
      mkdir -p /share
      mount -t virtiofs "${word#share=}" /share && read -r text </share/hello &&
        echo "the guest has read: $text" >/share/answer && sync && echo "share ${word#share=} $text"
      ;;
  esac
done

# One DHCP client for each interface; it stays and renews.
ip link set lo up
for folder in /sys/class/net/eth*; do
  [ -e "$folder" ] || continue
  ip link set "${folder##*/}" up
  udhcpc -f -i "${folder##*/}" -s /etc/udhcpc -t 5 -T 1 -A 2 >/dev/null 2>&1 &
done

# Waits without a process for it: nothing is ever written there.
mkfifo /idle
exec 8<>/idle
number=0
while true; do
  read -r uptime idle </proc/uptime
  echo "tick $number $uptime"
  number=$((number + 1))
  report
  [ "$number" != "$tires" ] || { echo sleeps; echo mem >/sys/power/state && echo "is awake"; }
  read -r -t 0.25 nothing <&8
done
