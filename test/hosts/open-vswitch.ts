import type { LabHost } from "./host.js";

/** A VLAN setting of a port of Open vSwitch, as it is in its database. */
export interface VswitchPort {
  tag: unknown;
  trunks: unknown;
  mode: unknown;
}

/** Open vSwitch in a test host, with a bridge whose packets a process carries: this kernel needs no module for it. Ends with the host. */
export async function startOpenVswitch(host: LabHost, bridge: string): Promise<void> {
  const folder = "/run/openvswitch";
  const settled = "--detach --no-chdir --pidfile";
  await host.shell(
    `mkdir -p ${folder}
    ovsdb-tool create ${folder}/conf.db /usr/share/openvswitch/vswitch.ovsschema
    ovsdb-server ${folder}/conf.db --remote=punix:${folder}/db.sock --log-file=${folder}/db.log ${settled}
    ovs-vsctl --no-wait init
    ovs-vswitchd unix:${folder}/db.sock --log-file=${folder}/switch.log ${settled}
    ovs-vsctl --timeout=20 add-br ${bridge} -- set bridge ${bridge} datapath_type=netdev`,
  );
}

/** The VLAN setting of the one guest that is on the bridge. */
export async function portOfGuest(host: LabHost, bridge: string): Promise<VswitchPort> {
  const [port = ""] = (await host.mustExec(["ovs-vsctl", "list-ports", bridge])).trim().split("\n");
  const read = async (column: string) =>
    JSON.parse(
      (await host.mustExec(["ovs-vsctl", "--format=json", "--", "get", "port", port, column])).trim() || "[]",
    ) as unknown;
  const mode = (await host.mustExec(["ovs-vsctl", "get", "port", port, "vlan_mode"])).trim();
  return { tag: await read("tag"), trunks: await read("trunks"), mode: mode === "[]" ? undefined : mode };
}
