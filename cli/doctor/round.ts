import { closeHost, examineHost, type HostExamination } from "../../provider/fitness/examine.js";
import {
  type CommonCpu,
  type ExaminedHost,
  examineWays,
  type WayFacts,
} from "../../provider/fitness/examine-ways.js";
import type { HostRef } from "../../provider/hosts/host-ref.js";
import type { Progress } from "../progress.js";

const DEFAULT_CONNECT_TIMEOUT_MS = 10_000;

/** All that was found out about some hosts and the ways between them. */
export interface Round {
  examinations: HostExamination[];
  ways: WayFacts[];
  commonCpu: CommonCpu | undefined;
}

/** Asks all hosts at once, then tries the ways between those that answer, over the same connections. Changes nothing. */
export async function examineAll(refs: readonly HostRef[], progress: Progress): Promise<Round> {
  const asked = await Promise.all(
    refs.map(async (ref) => {
      progress.step(`${ref.name}: connecting`);
      const timeout = ref.connection.connectTimeout;
      const result = await examineHost(ref, {
        connectTimeoutMs: timeout === undefined ? DEFAULT_CONNECT_TIMEOUT_MS : Number.parseInt(timeout, 10),
        now: () => Date.now(),
      });
      progress.step(`${ref.name}: ${result.examination.seen.kind === "silent" ? "no answer" : "examined"}`);
      return result;
    }),
  );
  try {
    const open = asked.flatMap(({ examination: { name, seen }, open }): ExaminedHost[] =>
      open === undefined || seen.kind === "silent" ? [] : [{ name, seen, open }],
    );
    const { ways, commonCpu } = await examineWays(open, (text) => progress.step(text));
    return { examinations: asked.map(({ examination }) => examination), ways, commonCpu };
  } finally {
    await Promise.all(asked.flatMap(({ open }) => (open === undefined ? [] : closeHost(open))));
  }
}
