import { Button, Skeleton } from "@mantine/core";
import { IconLinkOff } from "@tabler/icons-react";
import type { UseQueryResult } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { Answer, Empty } from "../../ui/states";
import { SessionFrame } from "./SessionFrame";

type Used = { title: string; hint: string; action: string; to: "/sign-in" | "/forgotten" };

/** A page that a link leads to once: what is asked there, or what to do where the link was used or is too old. */
export function OneTimeLink({
  title,
  hint,
  link,
  height,
  used,
  children,
}: {
  title: string;
  hint: string;
  link: UseQueryResult<{ valid: boolean }>;
  height: number;
  used: Used;
  children: ReactNode;
}) {
  return (
    <SessionFrame title={title} hint={hint}>
      <Answer query={link} skeleton={<Skeleton height={height} />}>
        {({ valid }) => (valid ? children : <UsedLink used={used} />)}
      </Answer>
    </SessionFrame>
  );
}

function UsedLink({ used: { title, hint, action, to } }: { used: Used }) {
  return (
    <Empty
      icon={IconLinkOff}
      title={title}
      hint={hint}
      action={
        <Button variant="default" renderRoot={(props) => <Link to={to} {...props} />}>
          {action}
        </Button>
      }
    />
  );
}
