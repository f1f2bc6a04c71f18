import classes from "./Scorecards.module.css";

/** Some figures beside each other, each with its name and, where there is one, what it is of. */
export function Figures({ shown }: { shown: { name: string; value: string; hint: string | null }[] }) {
  return (
    <dl className={classes.figures}>
      {shown.map(({ name, value, hint }) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>
            <b>{value}</b>
            {hint && <small>{hint}</small>}
          </dd>
        </div>
      ))}
    </dl>
  );
}
