// @vitest-environment node
import { expect, it, vi } from "vitest";

it("shows a language as plain text while its mode cannot be had, and asks again later", async () => {
  vi.doMock("@codemirror/lang-sql", () => {
    throw new Error("the hub is away");
  });
  const { mode } = await import("../../src/notebook/languages");
  expect(await mode("sql")).toEqual([]);
  vi.doUnmock("@codemirror/lang-sql");
  expect(await mode("sql")).not.toEqual([]);
});
