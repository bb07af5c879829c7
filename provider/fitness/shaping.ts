/** The parts of Linux's traffic control by which libvirt keeps `bandwidth`, as modules of its own or built in: by queues what comes, by policing what goes. */
export const shapingModules = ["sch_htb", "sch_sfq", "cls_fw", "sch_ingress", "cls_u32", "act_police"];
