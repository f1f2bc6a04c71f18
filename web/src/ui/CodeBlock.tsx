import { Copy } from "./Copy";
import classes from "./CodeBlock.module.css";

export function CodeBlock({ code, label }: { code: string; label: string }) {
  return (
    <div className={classes.block}>
      <div className={classes.copy}>
        <Copy value={code} />
      </div>
      <pre className={classes.code} tabIndex={0} aria-label={label}>
        {code}
      </pre>
    </div>
  );
}
