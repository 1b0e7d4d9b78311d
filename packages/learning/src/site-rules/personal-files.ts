/** A site's own model: a file that carries its job, to predict with. It never leaves the site. */
export const PERSONAL_MODEL = 'personal.safetensors';
/** What it reaches on the site's validation cases: figures for the site alone, withheld from nobody there. */
export const PERSONAL_FIGURES = 'figures.json';
