import {
  ActionIcon,
  Badge,
  Button,
  Code,
  Group,
  Modal,
  PasswordInput,
  Stack,
  Table,
  Text,
  TextInput,
  Tooltip,
} from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconKey, IconLock, IconLockOpen, IconUserPlus, IconUsers } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import type { FormEvent } from "react";
import { useTranslation } from "react-i18next";
import { useMe } from "../../api/session";
import type { User } from "../../api/types";
import { Copy } from "../../ui/Copy";
import { useFormat } from "../../ui/FormatContext";
import { Card } from "../../ui/Page";
import { Answer, Empty, RowsSkeleton } from "../../ui/states";
import { RemoveButton } from "../../ui/RemoveButton";
import { WideTable } from "../../ui/WideTable";
import { EditButton } from "./EditButton";
import { useAddUser, useChangeUser, useRemoveUser, useResetLink, useResetSecondFactor, usersQuery } from "./queries";
import { readRole, RoleFields } from "./RoleFields";

/** Who may sign in. */
export function People() {
  const { t } = useTranslation();
  const users = useQuery(usersQuery);
  const [adding, add] = useDisclosure(false);
  return (
    <Card
      title={t("settings.people.title")}
      hint={t("settings.people.hint")}
      actions={
        <Button size="xs" leftSection={<IconUserPlus size={15} aria-hidden />} onClick={add.open}>
          {t("settings.people.add")}
        </Button>
      }
      flush
    >
      <Answer query={users} skeleton={<RowsSkeleton rows={4} />}>
        {({ users }) =>
          users.length === 0 ? (
            <Empty icon={IconUsers} title={t("settings.people.empty")} />
          ) : (
            <UserTable users={users} />
          )
        }
      </Answer>
      <Modal opened={adding} onClose={add.close} title={t("settings.people.add")} centered>
        <UserForm onAdded={add.close} />
      </Modal>
    </Card>
  );
}

/** Name, role and dealer of somebody who is there already. */
function UserChangeForm({ user, onSaved }: { user: User; onSaved: () => void }) {
  const { t } = useTranslation();
  const change = useChangeUser();
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const fields = new FormData(event.currentTarget);
    const name = String(fields.get("name")).trim();
    change.mutate({ id: user.id, change: { name, ...readRole(fields) } }, { onSuccess: onSaved });
  };
  return (
    <form onSubmit={submit} autoComplete="off">
      <Stack gap="sm">
        <TextInput name="name" label={t("session.name")} defaultValue={user.name} required data-autofocus />
        <RoleFields initial={user.role} dealer={user.dealer} />
        <Button type="submit" loading={change.isPending} mt="xs">
          {t("ui.save")}
        </Button>
      </Stack>
    </form>
  );
}

function UserTable({ users }: { users: User[] }) {
  const { t } = useTranslation();
  return (
    <WideTable label={t("settings.people.title")} minWidth={640} verticalSpacing={8}>
      <Table.Thead>
        <Table.Tr>
          <Table.Th>{t("session.name")}</Table.Th>
          <Table.Th>{t("session.email")}</Table.Th>
          <Table.Th>{t("settings.role")}</Table.Th>
          <Table.Th className="num">{t("settings.people.last_seen")}</Table.Th>
          <Table.Th aria-label={t("settings.people.actions")} />
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {users.map((user) => (
          <UserRow key={user.id} user={user} />
        ))}
      </Table.Tbody>
    </WideTable>
  );
}

function UserRow({ user }: { user: User }) {
  const { t } = useTranslation();
  const format = useFormat();
  const me = useMe();
  const remove = useRemoveUser();
  const change = useChangeUser();
  const [editing, edit] = useDisclosure(false);
  const isMe = user.email === me.email;
  return (
    <Table.Tr>
      <Table.Td>
        <Text size="sm" fw={550} c={user.disabled ? "dimmed" : undefined}>
          {user.name}
        </Text>
      </Table.Td>
      <Table.Td>{user.email}</Table.Td>
      <Table.Td>
        <Badge size="sm" variant="light">
          {t(`role.${user.role}`)}
        </Badge>
        {user.dealer && (
          <Text span size="xs" c="dimmed" ml={6}>
            {user.dealer}
          </Text>
        )}
        {user.second_factor && (
          <Badge size="sm" variant="outline" color="green" ml={6}>
            {t("settings.people.second_factor")}
          </Badge>
        )}
        {user.disabled && (
          <Badge size="sm" variant="light" color="gray" ml={6}>
            {t("settings.people.disabled")}
          </Badge>
        )}
      </Table.Td>
      <Table.Td className="num nowrap">
        {user.last_seen_at ? format.ago(user.last_seen_at, new Date()) : t("settings.never")}
      </Table.Td>
      <Table.Td ta="right" className="nowrap">
        <EditButton label={t("settings.people.edit", { name: user.name })} onClick={edit.open} />
        {!isMe && (
          <>
            <Tooltip
              label={t(user.disabled ? "settings.people.enable" : "settings.people.disable", { name: user.name })}
            >
              <ActionIcon
                variant="subtle"
                color="gray"
                c="dimmed"
                aria-label={t(user.disabled ? "settings.people.enable" : "settings.people.disable", {
                  name: user.name,
                })}
                loading={change.isPending}
                onClick={() => change.mutate({ id: user.id, change: { disabled: !user.disabled } })}
              >
                {user.disabled ? <IconLockOpen size={16} /> : <IconLock size={16} />}
              </ActionIcon>
            </Tooltip>
            <WayBack user={user} />
            <RemoveButton
              label={t("settings.people.remove", { name: user.name })}
              question={t("settings.people.remove_question", { name: user.name })}
              onRemove={() => remove.mutate(user.id)}
            />
          </>
        )}
        <Modal opened={editing} onClose={edit.close} title={user.email} centered>
          <UserChangeForm user={user} onSaved={edit.close} />
        </Modal>
      </Table.Td>
    </Table.Tr>
  );
}

/** For those who cannot get in: a link for a new password, and the second factor taken away. */
function WayBack({ user }: { user: User }) {
  const { t } = useTranslation();
  const [opened, dialog] = useDisclosure(false);
  const link = useResetLink();
  const reset = useResetSecondFactor();
  const made = link.data && new URL(link.data.link, window.location.origin).href;
  return (
    <>
      <ActionIcon
        variant="subtle"
        color="gray"
        c="dimmed"
        aria-label={t("settings.people.way_back", { name: user.name })}
        onClick={dialog.open}
      >
        <IconKey size={16} />
      </ActionIcon>
      <Modal
        opened={opened}
        onClose={() => {
          link.reset();
          dialog.close();
        }}
        title={t("settings.people.way_back", { name: user.name })}
        centered
      >
        <Stack gap="md" ta="left">
          <Text size="sm">{t("settings.people.link_hint")}</Text>
          {made ? (
            <Group gap="xs" wrap="nowrap">
              <Code style={{ overflowWrap: "anywhere" }}>{made}</Code>
              <Copy value={made} label={t("settings.people.copy_link")} />
            </Group>
          ) : (
            <Button variant="default" loading={link.isPending} onClick={() => link.mutate(user.id)} data-autofocus>
              {t("settings.people.make_link")}
            </Button>
          )}
          {user.second_factor && (
            <>
              <Text size="sm">{t("settings.people.reset_second_factor_hint")}</Text>
              <Button variant="default" c="red" loading={reset.isPending} onClick={() => reset.mutate(user.id)}>
                {t("settings.people.reset_second_factor")}
              </Button>
            </>
          )}
        </Stack>
      </Modal>
    </>
  );
}

function UserForm({ onAdded }: { onAdded: () => void }) {
  const { t } = useTranslation();
  const add = useAddUser();
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const fields = new FormData(event.currentTarget);
    const text = (name: string) => String(fields.get(name)).trim();
    add.mutate(
      { name: text("name"), email: text("email"), password: String(fields.get("password")), ...readRole(fields) },
      { onSuccess: onAdded },
    );
  };
  return (
    <form onSubmit={submit} autoComplete="off">
      <Stack gap="sm">
        <TextInput name="name" label={t("session.name")} required data-autofocus />
        <TextInput name="email" type="email" label={t("session.email")} required />
        <PasswordInput
          name="password"
          label={t("session.password")}
          description={t("session.password_rule", { count: 10 })}
          minLength={10}
          autoComplete="new-password"
          required
        />
        <RoleFields initial="marketer" />
        <Button type="submit" loading={add.isPending} mt="xs">
          {t("settings.people.add")}
        </Button>
      </Stack>
    </form>
  );
}
