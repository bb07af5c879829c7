import { nearlySame } from "./likeness.js";

/**
 * What programs for other tools, and people, call inputs that have another name here: in lower case, without what separates words. Of several the one
 * counts whose first part is an input of the place.
 */
const OTHER_NAMES: Readonly<Record<string, readonly string[]>> = {
  // Virtual machines
  vcpu: ["cpus"],
  vcpus: ["cpus"],
  cores: ["cpus"],
  numcpus: ["cpus"],
  sockets: ["cpu.topology"],
  cputype: ["cpu.model"],
  cpumodel: ["cpu.model"],
  ram: ["memory"],
  mem: ["memory"],
  memorymb: ["memory"],
  memorysize: ["memory"],
  dedicatedmemory: ["memory"],
  running: ["powerState"],
  state: ["powerState"],
  started: ["powerState"],
  poweron: ["powerState"],
  onboot: ["autostart"],
  startonboot: ["autostart"],
  userdata: ["cloudInit.userData"],
  metadata: ["cloudInit.metaData"],
  networkconfig: ["cloudInit.networkConfig"],
  sshkey: ["cloudInit.sshAuthorizedKeys", "sshAuthorizedKeys"],
  sshkeys: ["cloudInit.sshAuthorizedKeys", "sshAuthorizedKeys"],
  initialization: ["cloudInit"],
  coreosignition: ["ignition"],
  cmdline: ["commandLine"],
  arguments: ["commandLine"],
  bios: ["firmware"],
  loader: ["firmware"],
  vnc: ["graphics"],
  spice: ["graphics"],
  iso: ["cdroms"],
  ostype: ["os.type"],
  guestid: ["os.type"],
  annotation: ["description"],
  notes: ["description"],
  volume: ["disks"],
  volumes: ["disks"],
  harddisk: ["disks"],
  harddisks: ["disks"],
  networkinterface: ["interfaces"],
  networkinterfaces: ["interfaces"],
  networkadapter: ["interfaces"],
  networkadapters: ["interfaces"],
  networkdevice: ["interfaces"],
  network: ["interfaces"],
  networks: ["interfaces"],
  nic: ["interfaces"],
  nics: ["interfaces"],
  vmname: ["name"],
  node: ["host"],
  nodename: ["host"],
  targetnode: ["host"],
  qemuagent: ["channels"],
  // Disks, in a VM and alone
  volumeid: ["disk", "disks"],
  diskid: ["disk", "disks"],
  basevolume: ["backing", "disks"],
  basevolumeid: ["backing", "disks"],
  basevolumename: ["backing", "disks"],
  backingstore: ["backing", "disks"],
  backingfile: ["backing", "disks"],
  baseimage: ["image", "backing", "disks"],
  clone: ["image", "backing", "disks"],
  template: ["image", "backing", "disks"],
  capacity: ["size"],
  sizegb: ["size"],
  disksize: ["size", "disks"],
  datastore: ["pool"],
  datastoreid: ["pool"],
  storage: ["pool"],
  storagepool: ["pool"],
  wwid: ["wwn"],
  // Interfaces
  networkid: ["network", "interfaces"],
  networkname: ["network", "interfaces"],
  macaddr: ["mac"],
  macaddress: ["mac"],
  ratelimit: ["bandwidth"],
  vlanid: ["vlan"],
  // Networks
  subnet: ["cidr"],
  subnets: ["addresses"],
  cidrblock: ["cidr"],
  ipcidr: ["cidr"],
  addresses: ["interfaces", "cidr"],
  ipaddress: ["address", "interfaces", "cidr"],
  // Pools and images
  folder: ["path"],
  directory: ["path"],
  target: ["path"],
  targetpath: ["path"],
  url: ["source"],
  checksum: ["sha256", "sha512", "checksumUrl"],
  // Hosts
  hostname: ["address", "cloudInit.hostname", "host"],
  ip: ["address", "cidr"],
  uri: ["address"],
  username: ["user"],
  login: ["user"],
  sshkeyfile: ["identityFile"],
  privatekeyfile: ["identityFile"],
  keyfile: ["identityFile"],
  bastion: ["proxyJump"],
  jumphost: ["proxyJump"],
};

/** Which of the inputs of a place, or of those within them, was meant by a name that none of them has. */
export function meantBy(name: string, known: readonly string[]): string[] {
  const key = joined(name);
  const spelled = known.filter((other) => joined(other) === key);
  if (spelled.length > 0) return spelled;
  const others = Object.hasOwn(OTHER_NAMES, key) ? (OTHER_NAMES[key] ?? []) : [];
  const found = others.filter((path) => known.includes(firstPart(path)));
  return found.length > 0 ? found : known.filter((other) => nearlySame(other, name));
}

export function firstPart(path: string): string {
  return path.split(".", 1)[0] ?? path;
}

function joined(name: string): string {
  return name.toLowerCase().replace(/[_-]/g, "");
}
