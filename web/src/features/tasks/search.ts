/** Which tasks are shown: those to be done, unless the address says otherwise. */
export type TasksSearch = { state?: "done" };

export const readTasks = (search: Record<string, unknown>): TasksSearch =>
  search.state === "done" ? { state: "done" } : {};
