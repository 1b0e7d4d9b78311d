interface SaveButtonProps {
  readonly label: string;
  readonly fileName: string;
  readonly type: string;
  readonly text: () => string;
}

/** Saves what the page holds as a file; nothing is sent anywhere. */
export function SaveButton({ label, fileName, type, text }: SaveButtonProps) {
  const save = () => {
    const address = URL.createObjectURL(new Blob([text()], { type }));
    const link = document.createElement('a');
    link.href = address;
    link.download = fileName;
    link.click();
    URL.revokeObjectURL(address);
  };
  return (
    <button type="button" onClick={save}>
      {label}
    </button>
  );
}
