import { describe, expect, it } from "vitest";
import type { DomainRecord } from "../../provider/libvirt/index.js";
import { type MigrationJournal, withMigrationJournal } from "../../provider/libvirt/xml/index.js";
import {
  isInterrupted,
  journalOf,
  type MigratedCopy,
  type PresentCopy,
  sameMigration,
} from "../../provider/planning/migrated-copy.js";
import { decideRecovery, HALF_GUEST_STANDS_MS } from "../../provider/planning/recovery.js";

const absent: MigratedCopy = { kind: "absent" };
const unanswered: MigratedCopy = { kind: "unanswered" };
const copy = (
  state: PresentCopy["state"],
  reason: string,
  more: Partial<PresentCopy> = {},
): MigratedCopy => ({
  kind: "present",
  state,
  reason,
  persistent: true,
  job: "none",
  journal: "same",
  ...more,
});
const transient = { persistent: false } as const;

const running = copy("running", "booted");
const arrived = copy("running", "migrated");
const frozen = copy("paused", "migration");
const half = copy("paused", "migration", transient);
const off = copy("shutOff", "unknown");

const rows: [title: string, source: MigratedCopy, target: MigratedCopy, action: object][] = [
  [
    "the job runs on, nothing at the target",
    copy("running", "booted", { job: "outgoing" }),
    absent,
    { kind: "abortJob" },
  ],
  [
    "the job runs on, half a guest at the target",
    copy("running", "booted", { job: "outgoing" }),
    half,
    { kind: "abortJob" },
  ],
  ["the guest runs, half of it at the target", running, half, { kind: "endTarget" }],
  ["it stands still on both sides", frozen, half, { kind: "endTarget" }],
  ["a paused guest, half of it at the target", copy("paused", "user"), half, { kind: "endTarget" }],
  ["the source's host was started anew, half a guest at the target", off, half, { kind: "endTarget" }],
  ["it stands still at the source and is nowhere else", frozen, absent, { kind: "resumeSource" }],
  ["it arrived, and stands still at the source", frozen, arrived, { kind: "removeSource" }],
  [
    "it arrived and was shut down, and stands still at the source",
    frozen,
    copy("shutOff", "shutdown"),
    { kind: "removeSource" },
  ],
  ["a paused guest arrived", copy("paused", "user"), copy("paused", "user"), { kind: "removeSource" }],
  [
    "what is left at the source was undefined already",
    copy("paused", "migration", transient),
    arrived,
    { kind: "removeSource" },
  ],
  ["a VM that is off is defined on both", off, off, { kind: "removeSource" }],
  ["it arrived, and the source's host was started anew", off, arrived, { kind: "removeSource" }],
  ["it runs at the source only", running, absent, { kind: "finish", winner: "source" }],
  ["it is off at the source only", off, absent, { kind: "finish", winner: "source" }],
  ["it runs at the target only", absent, arrived, { kind: "finish", winner: "target" }],
  ["it is off at the target only", absent, off, { kind: "finish", winner: "target" }],
  ["the target is defined and stands still", frozen, copy("paused", "migration"), { kind: "keepPolling" }],
  ["the same without the source", absent, copy("paused", "migration"), { kind: "keepPolling" }],
  [
    "Confirm is under way",
    copy("paused", "migration", { job: "outgoing" }),
    arrived,
    { kind: "keepPolling" },
  ],
  ["somebody takes a snapshot", copy("running", "booted", { job: "other" }), absent, { kind: "keepPolling" }],
  ["the source is silent", unanswered, arrived, { kind: "keepPolling" }],
  ["the target is silent", frozen, unanswered, { kind: "keepPolling" }],
  ["it runs on both", running, arrived, { kind: "askPerson" }],
  ["it runs at the source and is defined at the target", running, off, { kind: "askPerson" }],
  ["it failed to start at the target", frozen, copy("shutOff", "failed"), { kind: "askPerson" }],
  ["it left the source and isn't at the target", copy("shutOff", "migrated"), absent, { kind: "askPerson" }],
  ["it is nowhere", absent, absent, { kind: "askPerson" }],
  ["only the half guest is left", absent, half, { kind: "askPerson" }],
  [
    "another's definition is at the target",
    frozen,
    copy("running", "booted", { journal: "none" }),
    { kind: "askPerson" },
  ],
  [
    "the target tells of another migration",
    frozen,
    copy("running", "migrated", { journal: "other" }),
    { kind: "askPerson" },
  ],
  [
    "a part of the memory is on each host",
    copy("paused", "postCopy"),
    copy("running", "postCopy"),
    { kind: "askPerson" },
  ],
];

describe("the recovery table", () => {
  it.each(rows)("%s", (_, source, target, action) => {
    expect(decideRecovery({ source, target, unchangedForMs: HALF_GUEST_STANDS_MS })).toMatchObject(action);
  });

  it("leaves half a guest alone for a while: a Finish may be at work on it", () => {
    for (const source of [running, frozen, off])
      expect(decideRecovery({ source, target: half, unchangedForMs: HALF_GUEST_STANDS_MS - 1 }).kind).toBe(
        "keepPolling",
      );
  });
});

const journal: MigrationJournal = {
  from: { name: "alpha", uuid: "a" },
  to: { name: "beta", uuid: "b", migrationUri: "tcp://10.0.0.2" },
  epoch: 7,
  startedAtMs: 7,
  autostart: true,
  storage: "shared",
  volumes: [],
};
const plain = "<domain type='qemu'><name>web</name></domain>";
const record = (more: Partial<DomainRecord>): DomainRecord => ({
  name: "web",
  uuid: "u",
  id: -1,
  state: "shutOff",
  reason: 0,
  persistent: true,
  autostart: false,
  hasManagedSave: false,
  hasSnapshots: false,
  ...more,
});

describe("an interrupted migration", () => {
  const noted = withMigrationJournal(plain, journal);

  it("is known by the journal in either document on either host", () => {
    for (const xml of [
      { liveXml: noted, persistentXml: plain },
      { liveXml: plain, persistentXml: noted },
    ]) {
      expect(isInterrupted(record(xml), undefined)).toBe(true);
      expect(isInterrupted(undefined, record(xml))).toBe(true);
      expect(journalOf(record(xml))).toEqual({ kind: "journal", journal });
    }
    expect(isInterrupted(record({ persistentXml: plain }), record({ persistentXml: plain }))).toBe(false);
    expect(isInterrupted(undefined, undefined)).toBe(false);
  });

  it("is known by a guest that a migration stopped, without a journal", () => {
    expect(
      isInterrupted(record({ state: "paused", reasonName: "migration", liveXml: plain }), undefined),
    ).toBe(true);
    expect(isInterrupted(record({ state: "paused", reasonName: "user", liveXml: plain }), undefined)).toBe(
      false,
    );
  });

  it("is known by a journal that can't be read", () => {
    const broken = record({ persistentXml: noted.replace(/epoch="?'?7"?'?/, "epoch='x'") });
    expect(journalOf(broken)).toMatchObject({ kind: "unreadable", why: expect.stringContaining("epoch") });
    expect(isInterrupted(broken, undefined)).toBe(true);
  });

  it("is told from another of the same VM", () => {
    expect(sameMigration(journal, { ...journal, autostart: false })).toBe(true);
    expect(sameMigration(journal, { ...journal, epoch: 8 })).toBe(false);
    expect(sameMigration(journal, { ...journal, to: { ...journal.to, uuid: "c" } })).toBe(false);
  });
});
