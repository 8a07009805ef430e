/* SPDX-License-Identifier: Apache-2.0 */
/* vitrine directive sign: writes the signature file that lies beside a document (origin.h). */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/num.h"
#include "cli/directive/directive.h"
#include "cli/directive/documents.h"
#include "cli/directive/origin.h"
#include "crypto/sign.h"
#include "tlog/note.h"

#define COMMAND "vitrine directive sign"

struct settings {
	const char *key, *out;
	struct vt_passphrase pass;
};

static const struct vt_option options[] = {
	{0, NULL, NULL, VT_OPTION_SECTION, 0, "Options", NULL},
	{'k', "key", "FILE", VT_OPTION_STRING, offsetof(struct settings, key),
		"your key, as 'vitrine publish keygen' makes it", NULL},
	{'o', "output", "FILE", VT_OPTION_STRING, offsetof(struct settings, out),
		"where to write the signature (FILE.sig)", NULL},
	VT_PASSPHRASE_OPTION(struct settings),
	VT_HELP_OPTION,
};
static const struct vt_option_table table = {
	.command = COMMAND,
	.usage = "Usage: vitrine directive sign FILE --key FILE [OPTION]...\n"
		 "Checks a document and signs it. A signature that is there already stays, if it "
		 "is of the\nsame document.\n",
	.options = options,
	.count = VT_COUNT(options),
};

/* The lines of the signature file that is there already, if it is for this text. */
static vt_err keep_lines(
	const char *path, vt_span text, const struct vt_signer *signer, vt_buf *out)
{
	struct vt_note *note;
	vt_buf bytes;
	vt_err e;

	if (access(path, F_OK))
		return VT_OK;
	e = vt_slurp(COMMAND, path, VT_NOTE_MAX, &bytes);
	if (e)
		return e;
	note = calloc(1, sizeof *note);
	e = note ? vt_note_parse(vt_buf_span(&bytes), note) : VT_ENOMEM;
	if (e == VT_ENOMEM || (!e && !vt_span_eq(note->text, text)))
		; /* of another document, or of an earlier text of this one: written anew */
	else if (!e)
		for (size_t i = 0; i < note->nlines && !e; i++) {
			const struct vt_note_line *l = &note->lines[i];

			if (memcmp(l->id, signer->key.id, sizeof l->id) != 0)
				e = vt_buf_addf(out, "\xe2\x80\x94 %.*s %.*s\n", (int)l->name.n,
					(const char *)l->name.p, (int)l->base64.n,
					(const char *)l->base64.p);
		}
	else
		e = VT_OK;
	free(note);
	vt_buf_free(&bytes);
	return e;
}

static vt_err sign(const struct settings *s, const char *path, vt_span document)
{
	vt_buf text = VT_BUF_INIT(1024), note = VT_BUF_INIT(VT_NOTE_MAX);
	struct vt_signer signer = {0};
	char *out = NULL;
	vt_err e = vt_signer_open(&s->pass, COMMAND, s->key, &signer);

	if (e)
		return e;
	if (signer.key.type != VT_KEY_ED25519) {
		vt_complain(COMMAND, s->key, "a key of a witness or mirror signs no documents");
		e = VT_EARG;
	}
	if (!e && asprintf(&out, "%s%s", s->out ? s->out : path, s->out ? "" : ".sig") < 0)
		e = VT_ENOMEM;
	if (!e)
		e = vt_origin_text(document, &text);
	if (!e)
		e = vt_buf_addf(&note, "%.*s\n", (int)text.n, (const char *)text.p);
	if (!e)
		e = keep_lines(out, vt_buf_span(&text), &signer, &note);
	if (!e)
		e = vt_note_sign(&note, &signer, vt_buf_span(&text), 0);
	if (!e)
		e = vt_spit(COMMAND, out, vt_buf_span(&note));
	if (!e && strcmp(out, "-") != 0)
		printf("%s: signed by %s\n", out, signer.key.name);
	vt_wipe(&signer, sizeof signer);
	vt_buf_free(&text);
	vt_buf_free(&note);
	free(out);
	return e;
}

int vt_directive_cmd_sign(int argc, char **argv)
{
	struct settings s = {0};
	struct vt_strings files = {0};
	vt_buf document = {0};
	vt_err e = vt_options_parse(&table, argc, argv, &s, &files);

	if (!e && (files.n != 1 || !s.key)) {
		fputs(COMMAND ": give FILE and --key\nTry '" COMMAND " --help'.\n", stderr);
		e = VT_EARG;
	}
	if (!e && vt_sign_init()) {
		fputs(COMMAND ": this system has no random numbers\n", stderr);
		e = VT_EIO;
	}
	if (!e)
		e = vt_slurp(COMMAND, files.v[0], VT_CATALOGUE_MAX, &document);
	if (!e)
		e = vt_document_check(COMMAND, files.v[0], vt_buf_span(&document), NULL);
	if (!e)
		e = sign(&s, files.v[0], vt_buf_span(&document));
	vt_buf_free(&document);
	vt_strings_free(&files);
	return e && e != VT_END ? VT_EXIT_ERROR : VT_EXIT_CLEAN;
}
