/** A TCG guest without an operating system: it sits in the BIOS, which is all that these tests need of it. */
export function guestXml(name: string, uuid: string, devices = ""): string {
  return `<domain type='qemu'>
  <name>${name}</name>
  <uuid>${uuid}</uuid>
  <memory unit='MiB'>64</memory>
  <vcpu current='1'>2</vcpu>
  <os><type arch='x86_64' machine='q35'>hvm</type></os>
  <devices>
    <emulator>/usr/bin/qemu-system-x86_64</emulator>
    <controller type='pci' model='pcie-root'/>
    <controller type='pci' model='pcie-root-port'/>
    <controller type='pci' model='pcie-root-port'/>
    <controller type='usb' model='qemu-xhci'/>
    <serial type='pty'/>
    <console type='pty'/>
    ${devices}
  </devices>
</domain>`;
}
