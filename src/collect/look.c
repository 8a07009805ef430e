/* SPDX-License-Identifier: Apache-2.0 */
#include "collect/look.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/num.h"
#include "inventory/artefact/account.h"

const char *vt_look_printf(const struct vt_look *l, const char *fmt, ...)
{
	vt_arena *a = vt_collect_arena(l->c);
	va_list args;
	char *p;
	int n;

	va_start(args, fmt);
	n = vsnprintf(NULL, 0, fmt, args);
	va_end(args);
	p = n < 0 ? NULL : vt_arena_alloc(a, (size_t)n + 1);
	if (!p)
		return NULL;
	va_start(args, fmt);
	(void)vsnprintf(p, (size_t)n + 1, fmt, args);
	va_end(args);
	return p;
}

void vt_look_source(const struct vt_look *l, const char *kind, vt_span path)
{
	const char *what = vt_look_printf(l, "%s %.*s", kind, (int)path.n, (const char *)path.p);

	vt_collect_source(l->c, l->area, what ? what : kind);
}

bool vt_look_at(const struct vt_look *l, vt_span path, struct vt_node *out)
{
	vt_err e = vt_tree_stat(vt_collect_tree(l->c), path, true, out);

	if (e && e != VT_END)
		vt_collect_missed(l->c, l->area, path, vt_collect_miss_of(e));
	return e == VT_OK;
}

bool vt_look_link(const struct vt_look *l, vt_span path, vt_span *out_target)
{
	struct vt_tree *t = vt_collect_tree(l->c);
	vt_buf b = VT_BUF_INIT(VT_TREE_PATH_MAX);
	struct vt_node node;
	bool ok = false;
	char *p;

	if (vt_tree_stat(t, path, false, &node) == VT_OK && node.type == VT_NODE_LINK &&
		vt_tree_link(t, path, &b) == VT_OK) {
		p = vt_arena_copy(vt_collect_arena(l->c), vt_buf_span(&b));
		ok = p != NULL;
		if (ok)
			*out_target = vt_span_of(p, b.n);
	}
	vt_buf_free(&b);
	return ok;
}

bool vt_look_bytes(const struct vt_look *l, vt_span path, size_t max, vt_buf *b)
{
	struct vt_tree *t = vt_collect_tree(l->c);
	struct vt_node node;
	vt_err e = vt_tree_stat(t, path, true, &node);

	vt_buf_clear(b);
	b->max = max;
	if (e == VT_END)
		return false;
	if (!e && node.type != VT_NODE_FILE) {
		if (node.type == VT_NODE_OTHER)
			vt_collect_missed(l->c, l->area, path, VT_MISS_SPECIAL);
		return false;
	}
	if (!e)
		e = vt_tree_read(t, path, b);
	if (e) {
		vt_collect_missed(l->c, l->area, path,
			e == VT_END              ? VT_MISS_VANISHED
				: e == VT_ELIMIT ? VT_MISS_TOO_LARGE
						 : vt_collect_miss_of(e));
		return false;
	}
	vt_collect_hidden(l->c, node.hidden);
	vt_collect_seen(l->c, l->area, true);
	return true;
}

bool vt_look_text(const struct vt_look *l, vt_span path, vt_buf *b)
{
	return vt_look_bytes(l, path, VT_LOOK_TEXT_MAX, b);
}

vt_span vt_look_join(const struct vt_look *l, vt_span folder, vt_span name)
{
	size_t slash = folder.n && folder.p[folder.n - 1] == '/' ? 0 : 1;
	char *p = vt_arena_alloc(vt_collect_arena(l->c), folder.n + slash + name.n + 1);

	if (!p)
		return vt_span_of("", 0);
	if (folder.n)
		memcpy(p, folder.p, folder.n);
	if (slash)
		p[folder.n] = '/';
	if (name.n)
		memcpy(p + folder.n + slash, name.p, name.n);
	return vt_span_of(p, folder.n + slash + name.n);
}

vt_span vt_look_locus(const struct vt_look *l, vt_span path, vt_span part)
{
	const char *p;

	if (part.n == 0)
		return path;
	p = vt_look_printf(l, "%.*s#%.*s", (int)path.n, (const char *)path.p, (int)part.n,
		(const char *)part.p);
	return p ? vt_span_str(p) : path;
}

struct listing {
	struct vt_look *l;
	vt_span folder;
	unsigned depth;
	struct vt_look_entry **tail;
};

static vt_err on_entry(void *ctx, vt_span name, const struct vt_node *node)
{
	struct listing *g = ctx;
	struct vt_look_entry *e = vt_arena_alloc(vt_collect_arena(g->l->c), sizeof *e);

	if (g->l->left == 0)
		g->l->left = VT_LOOK_ENTRIES_MAX;
	if (--g->l->left == 0)
		return VT_ELIMIT;
	if (!e)
		return VT_ENOMEM;
	*e = (struct vt_look_entry){
		.path = vt_look_join(g->l, g->folder, name), .node = *node, .depth = g->depth};
	if (e->path.n == 0)
		return VT_ENOMEM;
	e->name = vt_line_base(e->path);
	*g->tail = e;
	g->tail = &e->next;
	return VT_OK;
}

static bool list(struct vt_look *l, vt_span path, unsigned depth, struct vt_look_entry **out)
{
	struct listing g = {l, path, depth, out};
	vt_err e;

	*out = NULL;
	e = vt_tree_list(vt_collect_tree(l->c), path, on_entry, &g);
	if (e == VT_END || e == VT_EUNSUPPORTED)
		return false;
	if (e)
		vt_collect_missed(l->c, l->area, path, vt_collect_miss_of(e));
	return e == VT_OK;
}

bool vt_look_folder(struct vt_look *l, vt_span path, struct vt_look_entry **out)
{
	struct vt_look_entry *head;
	struct vt_node node;

	if (!vt_look_at(l, path, &node) || node.type != VT_NODE_FOLDER)
		return false;
	if (!list(l, path, 1, &head))
		return false;
	*out = head;
	return true;
}

bool vt_look_below(struct vt_look *l, vt_span path, unsigned depth, vt_look_fn *fn, void *ctx)
{
	struct vt_look_entry *todo, *e, *more, *last;

	if (!vt_look_folder(l, path, &todo))
		return false;
	while ((e = todo)) {
		bool enter = fn(ctx, e);

		todo = e->next;
		if (!enter || e->node.type != VT_NODE_FOLDER)
			continue;
		if (e->depth >= depth) {
			if (depth >= VT_LOOK_DEPTH_MAX)
				vt_collect_missed(l->c, l->area, e->path, VT_MISS_LIMIT);
			continue;
		}
		if (!list(l, e->path, e->depth + 1, &more) || !more)
			continue;
		for (last = more; last->next; last = last->next)
			;
		last->next = todo;
		todo = more;
	}
	return true;
}

/* '*' stands for anything within a name; linear in both by going back to the last one. */
static bool matches(vt_span pattern, vt_span name)
{
	size_t p = 0, n = 0, star = SIZE_MAX, back = 0;

	while (n < name.n) {
		if (p < pattern.n && pattern.p[p] == '*') {
			star = p++;
			back = n;
		} else if (p < pattern.n && pattern.p[p] == name.p[n]) {
			p++;
			n++;
		} else if (star != SIZE_MAX) {
			p = star + 1;
			n = ++back;
		} else {
			return false;
		}
	}
	while (p < pattern.n && pattern.p[p] == '*')
		p++;
	return p == pattern.n;
}

/* One more name of the pattern: from each of `from`, all that fit. */
static void expand(struct vt_look *l, struct vt_look_entry *from, vt_span name, bool wild,
	struct vt_look_entry **out)
{
	struct vt_look_entry **tail = out, *in, *next;

	*out = NULL;
	for (; from; from = from->next) {
		if (!wild) {
			struct vt_look_entry *e = vt_arena_alloc(vt_collect_arena(l->c), sizeof *e);

			if (!e)
				return;
			e->path = vt_look_join(l, from->path, name);
			e->name = vt_line_base(e->path);
			if (vt_tree_stat(vt_collect_tree(l->c), e->path, true, &e->node) != VT_OK)
				continue;
			*tail = e;
			tail = &e->next;
			continue;
		}
		if (!vt_look_folder(l, from->path, &in))
			continue;
		for (; in; in = next) {
			next = in->next;
			in->next = NULL;
			if (!matches(name, in->name))
				continue;
			*tail = in;
			tail = &in->next;
		}
	}
}

bool vt_look_glob(struct vt_look *l, const char *pattern, struct vt_look_entry **out)
{
	vt_span rest = vt_span_str(pattern), name;
	struct vt_look_entry root = {.path = vt_span_str("/")}, *now = &root;

	while (now && rest.n) {
		size_t n = 0;

		while (rest.n && rest.p[0] == '/')
			rest = vt_span_of(rest.p + 1, rest.n - 1);
		while (n < rest.n && rest.p[n] != '/')
			n++;
		if (n == 0)
			break;
		name = vt_span_of(rest.p, n);
		rest = vt_span_of(rest.p + n, rest.n - n);
		expand(l, now, name, memchr(name.p, '*', name.n) != NULL, &now);
	}
	*out = now == &root ? NULL : now;
	return *out != NULL;
}

bool vt_look_nocase(struct vt_look *l, const char *path, vt_span *out)
{
	vt_span rest = vt_span_str(path), at = vt_span_str("/");

	while (rest.n) {
		struct vt_look_entry *in;
		size_t n = 0;

		while (rest.n && rest.p[0] == '/')
			rest = vt_span_of(rest.p + 1, rest.n - 1);
		while (n < rest.n && rest.p[n] != '/')
			n++;
		if (n == 0)
			break;
		if (!vt_look_folder(l, at, &in))
			return false;
		while (in &&
			(in->name.n != n ||
				strncasecmp((const char *)in->name.p, (const char *)rest.p, n) !=
					0))
			in = in->next;
		if (!in)
			return false;
		at = in->path;
		rest = vt_span_of(rest.p + n, rest.n - n);
	}
	*out = at;
	return true;
}

static void add_home(struct vt_look *l, struct vt_home **io_head, struct vt_home ***io_tail,
	vt_span path, vt_span user)
{
	vt_arena *a = vt_collect_arena(l->c);
	struct vt_node node;
	struct vt_home *h;
	char *p, *u;

	while (path.n > 1 && path.p[path.n - 1] == '/')
		path.n--;
	if (path.n < 2 || path.p[0] != '/' || path.n > VT_TREE_PATH_MAX ||
		memchr(path.p, 0, path.n))
		return;
	for (h = *io_head; h; h = h->next)
		if (vt_span_eq(h->path, path))
			return;
	if (vt_tree_stat(vt_collect_tree(l->c), path, true, &node) != VT_OK ||
		node.type != VT_NODE_FOLDER)
		return;
	h = vt_arena_alloc(a, sizeof *h);
	p = vt_arena_copy(a, path);
	u = vt_arena_copy(a, user);
	if (!h || !p || !u)
		return;
	h->path = vt_span_of(p, path.n);
	h->user = vt_span_of(u, user.n);
	**io_tail = h;
	*io_tail = &h->next;
}

struct vt_home *vt_look_homes(struct vt_look *l)
{
	static const char *const folders[] = {"/home", "/Users", "/var/home"};
	struct vt_home *head = NULL, **tail = &head;
	vt_buf b = VT_BUF_INIT(VT_LOOK_TEXT_MAX);
	struct vt_look_entry *in;
	struct vt_account who;
	unsigned bad = 0, count = 0;

	if (vt_tree_read(vt_collect_tree(l->c), vt_span_str("/etc/passwd"), &b) == VT_OK) {
		vt_reader r = vt_reader_of(vt_buf_span(&b));

		while (count++ < 100000 && vt_account_next(&r, VT_ACCOUNT_PASSWD, &who, &bad))
			add_home(l, &head, &tail, who.home, who.name);
	}
	add_home(l, &head, &tail, vt_span_str("/root"), vt_span_str("root"));
	add_home(l, &head, &tail, vt_span_str("/var/root"), vt_span_str("root"));
	for (size_t i = 0; i < VT_COUNT(folders); i++)
		if (vt_look_folder(l, vt_span_str(folders[i]), &in))
			for (; in; in = in->next)
				add_home(l, &head, &tail, in->path, in->name);
	vt_buf_free(&b);
	return head;
}

void vt_fact_set(struct vt_fact *f, enum vt_attr a, vt_span value)
{
	if (value.n > VT_FACT_VALUE_MAX)
		value.n = VT_FACT_VALUE_MAX;
	f->v[a] = value;
}

void vt_fact_str(struct vt_fact *f, enum vt_attr a, const char *value)
{
	vt_fact_set(f, a, vt_span_str(value));
}
