import { createContext, useContext, type ReactNode } from "react";

const Tools = createContext<ReactNode>(null);

/** Puts something beside the actions of every page below: what belongs to the frame and not to one page. */
export function PageToolsProvider({ tools, children }: { tools: ReactNode; children: ReactNode }) {
  return <Tools.Provider value={tools}>{children}</Tools.Provider>;
}

export const usePageTools = () => useContext(Tools);
