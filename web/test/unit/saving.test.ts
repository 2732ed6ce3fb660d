// @vitest-environment node
import { describe, expect, it } from "vitest";
import { type Facts, standing } from "../../src/room/saving";

const facts = (change: Partial<Facts>): Facts => ({
  link: "live", goodbye: null, synced: true, readOnly: false, pending: 0, state: { name: "live" }, saved: { sha256: "0", time: "14:03" }, dirty: false, path: "a.ipynb",
  saving: false, failure: null, kept: false, ...change,
});
const say = (change: Partial<Facts>) => standing(facts(change), (time) => time);

describe("what a person reads about saving", () => {
  it("says saved only when file and document agree", () => {
    expect(say({})).toMatchObject({ kind: "saved", label: "Saved to file at 14:03" });
    expect(say({ dirty: true }).kind).toBe("unsaved");
    expect(say({ pending: 1 }).kind).toBe("sending");
    expect(say({ pending: 1, dirty: true }).kind).toBe("sending");
  });
  it("tells hub and file apart", () => {
    expect(say({ dirty: true }).label).toBe("Unsaved, on disk in the hub");
    expect(say({ path: "", dirty: true })).toMatchObject({ kind: "untitled", actions: ["save-as"] });
  });
  it("never calls it saved while a trouble lasts, whatever else is true", () => {
    for (const name of ["conflict", "missing", "degraded", "read_only"]) {
      for (const change of [{}, { dirty: true }, { saving: true }, { pending: 3 }]) {
        const { kind, detail } = say({ state: { name }, ...change });
        expect(["saved", "saving", "sending", "unsaved"]).not.toContain(kind);
        expect(detail.length).toBeGreaterThan(30);
      }
    }
  });
  it("gives each trouble its words and a way out", () => {
    expect(say({ state: { name: "conflict" } }).actions).toEqual(["show-difference", "keep-room", "take-disk", "save-as"]);
    expect(say({ state: { name: "missing" } }).actions[0]).toBe("recreate");
    expect(say({ state: { name: "degraded", code: "disk_full", reason: "no space left" } })).toMatchObject({ label: "Disk is full" });
    expect(say({ state: { name: "degraded", reason: "no space left" } }).detail).toContain("No space left.");
    expect(say({ state: { name: "read_only" } }).actions[0]).toBe("save-as");
  });
  it("counts what exists only here when offline", () => {
    expect(say({ link: "offline" }).label).toBe("Offline");
    expect(say({ link: "offline", pending: 1 }).label).toBe("Offline, 1 edit waiting");
    expect(say({ link: "offline", pending: 2 }).detail).toContain("2 edits of yours only exist in this page: keep it open.");
    expect(say({ link: "offline", pending: 1, kept: true }).detail).toContain("1 edit of yours has not reached the hub; this browser keeps it until then.");
    expect(say({ link: "offline", state: { name: "conflict" } }).kind).toBe("offline");
  });
  it("tells why the hub is away", () => {
    expect(say({ link: "offline", goodbye: { reason: "evicted", detail: "" } }).detail).toContain("to rest");
    expect(say({ link: "offline", goodbye: { reason: "shutdown", detail: "" } }).detail).toContain("restarting");
    expect(say({ link: "offline", goodbye: { reason: "slow", detail: "" } }).detail).toContain("This page could not keep up");
    const stuck = { link: "offline" as const, goodbye: { reason: "slow", detail: "the hub's disk takes nothing at present" } };
    expect(say(stuck).detail).toMatch(/^The hub's disk takes nothing at present\. You can go on editing/);
    expect(say({ ...stuck, synced: false }).detail).toBe("The hub's disk takes nothing at present.");
    expect(say({ ...stuck, synced: false, goodbye: { reason: "evicted", detail: "" } }).detail).toContain("does not answer");
  });
  it("does not promise to come back when it will not", () => {
    for (const reason of ["closed", "replaced", "lineage", "forbidden", "unauthorized", "invalid_update", "deleted", "not_found"]) {
      const now = say({ link: "ended", goodbye: { reason, detail: "" }, pending: 2 });
      expect(now).toMatchObject({ kind: "ended", tone: "bad" });
      expect(now.detail).toContain("2 edits of yours only exist in this page");
      expect(now.actions).not.toContain("reconnect");
    }
  });
  it("says why a save failed and what to do", () => {
    const of = (code: string) => say({ failure: { code, detail: "no space left on the disk" }, dirty: true });
    expect(of("disk_full")).toMatchObject({ kind: "failed", label: "Save failed: disk full" });
    expect(of("disk_full").actions).toContain("retry");
    expect(of("file_exists").actions).toEqual(["save-as", "overwrite"]);
    expect(of("path_already_open").actions).toEqual(["save-as"]);
    expect(of("something_new")).toMatchObject({ kind: "failed", label: "Save failed" });
    expect(of("something_new").detail).toContain("No space left on the disk.");
  });
  it("opens before it claims anything", () => {
    expect(say({ synced: false, link: "connecting" }).kind).toBe("opening");
    expect(say({ synced: false, link: "offline" })).toMatchObject({ kind: "opening", tone: "bad" });
  });
});
