/** Definitions as people have them on hosts: with what the tools that make them write. */

export const IMAGES = "/var/lib/libvirt/images";
export const PASSWORD = "plnt7f3a";

/** The network that libvirt brings along. */
export const lan = `<network><name>default</name><forward mode='nat'/><bridge name='virbr0' stp='on' delay='0'/>
  <ip address='192.168.122.1' netmask='255.255.255.0'><dhcp><range start='192.168.122.2' end='192.168.122.254'/></dhcp></ip></network>`;

/** As vagrant-libvirt makes its own. */
export const vagrantNetwork = `<network ipv6='yes'><name>vagrant-libvirt</name><forward mode='nat'/><bridge name='virbr1' stp='on' delay='0'/>
  <ip address='192.168.121.1' netmask='255.255.255.0'><dhcp><range start='192.168.121.1' end='192.168.121.254'/></dhcp></ip></network>`;

/** A desktop as virt-manager makes one on a host without KVM: SPICE with all that goes with it. */
export const desk = `<domain type='qemu'><name>desk of Ada</name><title>Ada's</title>
  <metadata><libosinfo:libosinfo xmlns:libosinfo='http://libosinfo.org/xmlns/libvirt/domain/1.0'><libosinfo:os id='http://debian.org/debian/12'/></libosinfo:libosinfo></metadata>
  <memory unit='KiB'>2097152</memory><currentMemory unit='KiB'>1048576</currentMemory><vcpu placement='static'>2</vcpu>
  <os><type arch='x86_64' machine='q35'>hvm</type><boot dev='hd'/></os>
  <features><acpi/><apic/><vmport state='off'/></features>
  <cpu mode='custom' match='exact'><model fallback='allow'>Nehalem</model><topology sockets='1' cores='2' threads='1'/></cpu>
  <clock offset='utc'><timer name='rtc' tickpolicy='catchup'/><timer name='pit' tickpolicy='delay'/><timer name='hpet' present='no'/></clock>
  <pm><suspend-to-mem enabled='no'/><suspend-to-disk enabled='no'/></pm>
  <devices><emulator>/usr/bin/qemu-system-x86_64</emulator>
    <disk type='file' device='disk'><driver name='qemu' type='qcow2' discard='unmap'/><source file='${IMAGES}/desk.qcow2'/><target dev='vda' bus='virtio'/></disk>
    <disk type='file' device='disk'><driver name='qemu' type='raw'/><source file='/var/lib/libvirt/outside.img'/><target dev='vdb' bus='virtio'/></disk>
    <disk type='file' device='cdrom'><driver name='qemu' type='raw'/><target dev='sda' bus='sata'/><readonly/></disk>
    <controller type='usb' model='qemu-xhci' ports='15'/><controller type='pci' model='pcie-root'/>
    <interface type='network'><source network='default'/><mac address='52:54:00:aa:00:01'/><model type='virtio'/></interface>
    <interface type='user'><mac address='52:54:00:aa:00:02'/><model type='virtio'/></interface>
    <console type='pty'/><channel type='unix'><source mode='bind'/><target type='virtio' name='org.qemu.guest_agent.0'/></channel>
    <channel type='spicevmc'><target type='virtio' name='com.redhat.spice.0'/></channel><input type='tablet' bus='usb'/>
    <graphics type='spice' port='-1' tlsPort='-1' autoport='yes'><image compression='off'/></graphics>
    <sound model='ich9'/><video><model type='virtio'/></video><redirdev bus='usb' type='spicevmc'/><redirdev bus='usb' type='spicevmc'/>
    <memballoon model='virtio'/><rng model='virtio'><backend model='random'>/dev/urandom</backend></rng>
  </devices></domain>`;

/** With the elements that vagrant-libvirt's template has: an i440fx machine whose disk is a layer over the box. */
export const vagrantBox = `<domain type='qemu'><name>shop_default</name><description>Source: /home/ada/shop/Vagrantfile</description>
  <memory>131072</memory><vcpu>1</vcpu><cpu mode='host-model'/>
  <os><type arch='x86_64' machine='pc'>hvm</type><kernel></kernel><initrd></initrd><cmdline></cmdline></os>
  <features><acpi/><apic/><pae/></features><clock offset='utc'/>
  <devices>
    <disk type='file' device='disk'><driver name='qemu' type='qcow2' cache='default'/><source file='${IMAGES}/shop_default.img'/><target dev='vda' bus='virtio'/></disk>
    <interface type='network'><source network='vagrant-libvirt'/><mac address='52:54:00:bb:00:01'/><model type='virtio'/></interface>
    <serial type='pty'><target port='0'/></serial><console type='pty'><target port='0'/></console><input type='mouse' bus='ps2'/>
    <graphics type='vnc' port='-1' autoport='yes' listen='127.0.0.1' keymap='en-us'/>
    <video><model type='cirrus' vram='16384' heads='1'/></video>
  </devices></domain>`;

/** Two that share a disk, one of which is paused in its life by nobody. */
export const cluster = ["node-1", "node-2"].map(
  (name, i) => `<domain type='qemu'><name>${name}</name><memory unit='MiB'>64</memory><vcpu>1</vcpu>
  <os><type arch='x86_64' machine='q35'>hvm</type></os><on_crash>restart</on_crash>
  <devices><disk type='file' device='disk'><driver name='qemu' type='raw' cache='none'/><source file='${IMAGES}/quorum.raw'/><target dev='vda' bus='virtio'/><shareable/></disk>
  <interface type='bridge'><source bridge='br7'/><mac address='52:54:00:cc:00:0${i}'/><model type='virtio'/><link state='down'/></interface></devices></domain>`,
);

/** On a second host: one that is called as one of the first, and one whose name is another's as Pulumi has it. */
export const others = ["node-1", "my vm", "my-vm"].map(
  (name) => `<domain type='qemu'><name>${name}</name><memory unit='MiB'>64</memory><vcpu>1</vcpu>
  <os><type arch='x86_64' machine='q35'>hvm</type></os>
  <devices><interface type='network'><source network='default'/><model type='virtio'/></interface></devices></domain>`,
);

/** On storage that hosts share, with a disk that another host's VM has as well. */
export const sharing = (
  name: string,
  file: string,
) => `<domain type='qemu'><name>${name}</name><memory unit='MiB'>64</memory><vcpu>1</vcpu>
  <os><type arch='x86_64' machine='q35'>hvm</type></os>
  <devices><disk type='file' device='disk'><driver name='qemu' type='raw'/><source file='${file}'/><target dev='vda' bus='virtio'/><shareable/></disk></devices></domain>`;

/** As a stack makes them: the UUID is a mark. */
export const ofAStack = `<pool type='dir'><name>of-a-stack</name><uuid>0123abcd-0123-5abc-8123-0123456789ab</uuid><target><path>/var/lib/libvirt/of-a-stack</path></target></pool>`;

/** Whose definition is changed while it runs. */
export const differing = `<domain type='qemu'><name>differing</name><memory unit='MiB'>64</memory><vcpu>1</vcpu>
  <os><type arch='x86_64' machine='q35'>hvm</type></os>
  <devices><interface type='bridge'><source bridge='br7'/><mac address='52:54:00:dd:00:00'/><model type='virtio'/></interface></devices></domain>`;

/** To which a stack's mark is given. */
export const managed = `<domain type='qemu'>
  <name>managed</name><memory unit='MiB'>64</memory><vcpu>1</vcpu>
  <os><type arch='x86_64' machine='q35'>hvm</type></os>
  <devices><disk type='file' device='disk'><driver name='qemu' type='qcow2'/><source file='${IMAGES}/taken.qcow2'/><target dev='vda' bus='virtio'/></disk></devices>
</domain>`;
