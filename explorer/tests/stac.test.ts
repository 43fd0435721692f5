import { beforeEach, describe, expect, it, vi } from "vitest";
import { EVERYTHING } from "../src/state/query";

const ask = vi.fn();
vi.mock("../src/api", () => ({ ask }));
const { overTime } = await import("../src/stac");
const { signal } = new AbortController();

interface Asked {
  readonly body: { readonly aggregations: readonly string[]; readonly filter?: { readonly args: readonly unknown[] } };
}

const ANSWERS: Readonly<Record<string, unknown>> = {
  total_count: { value: 7 },
  datetime_min: { value: "2024-01-03T00:00:00Z" },
  datetime_max: { value: "2024-01-05T12:00:00Z" },
  datetime_frequency: { buckets: [{ key: "2024-01-03T00:00:00Z", frequency: 4 }, { key: "2024-01-03T02:00:00Z", frequency: 2 }] },
};

beforeEach(() => {
  ask.mockReset().mockImplementation((_: string, { body }: Asked) =>
    Promise.resolve({ aggregations: body.aggregations.map((name) => ({ name, ...(ANSWERS[name] as object) })) }),
  );
});

describe("images over time", () => {
  const asked = () => ask.mock.calls.map(([, { body }]) => body as Record<string, unknown>);

  it("are those of all times, in an interval that suits them", async () => {
    const found = await overTime({ ...EVERYTHING, from: "2024-01-04T00:00:00.000Z" }, null, signal);
    expect([found.total, found.interval, found.bars.map(({ count }) => count)]).toEqual([7, "hour", [4, 0, 2]]);
    expect(asked().map((body) => [body["filter"], body["datetime_frequency_interval"]])).toEqual([
      [undefined, undefined],
      [undefined, "hour"],
    ]);
  });

  it("are those of a part of it, by one request", async () => {
    const part = { from: "2024-01-03T00:00:00.000Z", to: "2024-01-04T00:00:00.000Z", interval: "hour" } as const;
    const found = await overTime({ ...EVERYTHING, from: "2024-01-03T05:00:00.000Z" }, part, signal);
    expect([found.total, found.interval]).toEqual([6, "hour"]);
    const args = [
      { op: ">=", args: [{ property: "datetime" }, { timestamp: part.from }] },
      { op: "<", args: [{ property: "datetime" }, { timestamp: part.to }] },
    ];
    expect(asked()).toMatchObject([{ aggregations: ["datetime_frequency"], filter: { op: "and", args } }]);
  });
});
