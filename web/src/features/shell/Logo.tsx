export function Logo({ size = 28 }: { size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 32 32" aria-hidden>
      <rect width="32" height="32" rx="9" fill="#17444a" />
      <path
        d="M8 22.5V13A2.6 2.6 0 0 1 10.6 10.4H25"
        fill="none"
        stroke="#5fd0c5"
        strokeWidth="3.1"
        strokeLinecap="round"
      />
      <path d="M8 16.7h11" stroke="#5fd0c5" strokeWidth="3.1" strokeLinecap="round" />
      <circle cx="23.3" cy="21.3" r="3" fill="#f2a541" />
    </svg>
  );
}
