/** Wrong inputs of what a VM's machine is and has beside disks and interfaces: the input, and what is said about it. */
export const platformTable: readonly ["VirtualMachine", Record<string, unknown>, string][] = [
  [
    "VirtualMachine",
    { firmware: "efi" },
    'firmware: "efi" must be one of "bios", "uefi", "uefi-secure-boot"',
  ],
  [
    "VirtualMachine",
    { firmware: "uefi-secure-boot", machine: "pc" },
    'firmware: "uefi-secure-boot" needs machine "q35": "pc" has no SMM',
  ],
  [
    "VirtualMachine",
    { firmware: "uefi-secure-boot", features: { smm: false } },
    'features.smm: false doesn\'t go with firmware "uefi-secure-boot": without SMM the guest could change the keys',
  ],
  [
    "VirtualMachine",
    { firmware: "uefi", features: { acpi: false } },
    'features.acpi: false doesn\'t go with firmware "uefi": UEFI needs ACPI',
  ],
  ["VirtualMachine", { tpm: "2.0" }, 'tpm: "2.0" must be true, false or { model, version }'],
  [
    "VirtualMachine",
    { tpm: { model: "tpm-crb", version: "1.2" } },
    'tpm.version: "1.2" needs model "tpm-tis": tpm-crb is of version 2.0',
  ],
  ["VirtualMachine", { tpm: { modle: "tpm-crb" } }, "tpm.modle: there is no such input; did you mean model?"],
  [
    "VirtualMachine",
    { graphics: { type: "vnc", password: "123456789" } },
    'graphics.password: must be at most 8 bytes with type "vnc": VNC compares no more',
  ],
  ["VirtualMachine", { graphics: { type: "rdp" } }, 'graphics.type: "rdp" must be one of "vnc", "spice"'],
  [
    "VirtualMachine",
    { graphics: { type: "vnc", port: 80 } },
    "graphics.port: 80 must be a whole number from 5900 to 65535",
  ],
  [
    "VirtualMachine",
    { graphics: { type: "vnc", listen: "a b" } },
    'graphics.listen: "a b" must be an address of the host, such as "127.0.0.1" or "0.0.0.0"',
  ],
  [
    "VirtualMachine",
    { graphics: { type: "vnc", passwordValidTo: "2030-01-31" } },
    'graphics.passwordValidTo: "2030-01-31" must be a date and time with its zone, such as "2030-01-31T12:00:00Z"',
  ],
  [
    "VirtualMachine",
    { graphics: { type: "spice", keymap: "de" } },
    'graphics.keymap: belongs to type "vnc", not "spice"',
  ],
  [
    "VirtualMachine",
    { video: { model: "vga", heads: 2 } },
    'video.heads: 2 screens need model "virtio" or "qxl"',
  ],
  [
    "VirtualMachine",
    { video: { model: "qxl", memory: "48MiB" } },
    "video.memory: 48 MiB must be a power of two",
  ],
  [
    "VirtualMachine",
    { serialPorts: [{ type: "file" }] },
    'serialPorts[0].path: is missing: type "file" needs it',
  ],
  [
    "VirtualMachine",
    { serialPorts: [{ type: "tcp", port: 4555, path: "/run/x" }] },
    'serialPorts[0].path: doesn\'t belong to type "tcp"',
  ],
  ["VirtualMachine", { clock: { timezone: "Europe/Berlin" } }, 'clock.timezone: needs offset "timezone"'],
  [
    "VirtualMachine",
    { features: { hyperv: { relaxd: true } } },
    "features.hyperv.relaxd: there is no such input; did you mean relaxed?",
  ],
  ["VirtualMachine", { os: { type: "freebsd" } }, 'os.type: "freebsd" must be one of "linux", "windows"'],
  [
    "VirtualMachine",
    { onPoweroff: "restart", onReboot: "destroy" },
    'onPoweroff: "restart" doesn\'t go with onReboot "destroy": QEMU can\'t tell the two apart',
  ],
  [
    "VirtualMachine",
    { os: { type: "windows", version: "8.1" } },
    'os.version: "8.1" must be one of "11", "10", "2025", "2022", "2019" with type "windows"',
  ],
  [
    "VirtualMachine",
    { os: { type: "linux", virtioDrivers: "/srv/virtio-win.iso" } },
    'os.virtioDrivers: is for type "windows": Linux has these drivers',
  ],
  [
    "VirtualMachine",
    { os: { type: "windows", virtioDrivers: "virtio-win.iso" } },
    'os.virtioDrivers: "virtio-win.iso" must be an absolute path on the host, such as /var/lib/libvirt/images',
  ],
  [
    "VirtualMachine",
    { os: { type: "windows" }, machine: "pc" },
    'machine: "pc" doesn\'t go with the firmware that Windows gets, "uefi-secure-boot"; leave it at "q35", or give firmware "bios" too',
  ],
  [
    "VirtualMachine",
    { os: { type: "windows" }, features: { smm: false } },
    'features.smm: false doesn\'t go with the firmware that Windows gets, "uefi-secure-boot"; give firmware "bios" too',
  ],
  [
    "VirtualMachine",
    { os: { type: "windows", virtioDrivers: "/srv/v.iso" }, cdroms: [{ name: "virtio-drivers" }] },
    'cdroms[0].name: "virtio-drivers" is the drive of os.virtioDrivers; give another name',
  ],
  [
    "VirtualMachine",
    {
      os: { type: "windows" },
      disks: [{ size: "1GiB", pool: "default" }],
      ignition: { ignition: { version: "3.4.0" } },
    },
    'ignition: is for Linux, and os.type is "windows"; use answerFile, or cloudInit with cloudbase-init',
  ],
  ["VirtualMachine", { xml: "<a/>" }, 'xml: "<a/>" must be a list of patches'],
  ["VirtualMachine", { xml: [{ xpath: "/domain" }] }, "xml[0]: needs one of set, remove and append"],
  [
    "VirtualMachine",
    { xml: [{ xpath: "/domain/memtune", remove: true, set: "1" }] },
    "xml[0]: needs one of set, remove and append",
  ],
  [
    "VirtualMachine",
    { xml: [{ xpath: "//disk[", remove: true }] },
    'xml[0].xpath: "//disk[" is no XPath 1.0 expression',
  ],
  ["VirtualMachine", { xml: [{ xpath: "", set: "1" }] }, 'xml[0].xpath: "" must not be empty'],
  [
    "VirtualMachine",
    { xml: [{ xpath: "/domain/devices", append: "<vsock>" }] },
    'xml[0].append: "<vsock>" is not one well-formed XML element',
  ],
  [
    "VirtualMachine",
    { xml: [{ xpath: "/domain/devices", append: "<a/><b/>" }] },
    'xml[0].append: "<a/><b/>" is not one well-formed XML element',
  ],
  [
    "VirtualMachine",
    { xml: [{ xpath: "/domain/vcpu", remove: false }] },
    "xml[0].remove: false must be true",
  ],
  [
    "VirtualMachine",
    { xml: [{ xpath: "/domain/vcpu", set: "2", replace: "2" }] },
    "xml[0].replace: there is no such input; there are xpath, set, remove, append",
  ],
  ["VirtualMachine", { onReboot: "preserve" }, 'onReboot: "preserve" must be one of "restart", "destroy"'],
];
