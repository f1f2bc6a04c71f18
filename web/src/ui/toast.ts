import { notifications } from "@mantine/notifications";

export function toastDone(message: string) {
  notifications.show({ message, color: "petrol", autoClose: 3500 });
}

export function toastFailed(message: string) {
  notifications.show({ message, color: "red", autoClose: 8000 });
}
