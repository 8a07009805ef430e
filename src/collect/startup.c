/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Collector "startup": all the other ways in which a Unix starts something by itself: init scripts
 * and their links, inittab, rc.local, cron, anacron, at, udev rules, D-Bus and XDG files, folders
 * of scripts, preloaded libraries, and the kernel's command line. One table of places; one function
 * for each way of reading them.
 */
#include <fcntl.h>

#include "base/num.h"
#include "collect/look.h"
#include "collect/proc.h"
#include "inventory/artefact/jobs.h"

enum way {
	NAMES,   /* each file is a program */
	RCLINKS, /* S and K links to init scripts */
	SCRIPT,  /* a script, whose lines are commands */
	INIT,    /* an init script: a program, and DAEMON= in it */
	CRON,    /* of the system */
	TABS,    /* of users, named after them */
	ANACRON,
	AT,
	INITTAB,
	UPSTART,
	UDEV,
	DESKTOP, /* Exec= of a key file */
	ENVIRONMENT,
	PRELOAD,
	LINES,   /* each line that is no comment says something */
	CMDLINE, /* the whole file is one */
	GRUB,    /* lines "linux ..." and "options ..." and GRUB_CMDLINE_LINUX= */
};

static const struct place {
	const char *glob, *manager;
	enum way way;
} places[] = {
	{"/etc/init.d/*", "sysv", INIT},
	{"/etc/rc.d/init.d/*", "sysv", INIT},
	{"/etc/rc*.d/*", "sysv", RCLINKS},
	{"/etc/rc.d/rc*.d/*", "sysv", RCLINKS},
	{"/etc/inittab", "inittab", INITTAB},
	{"/etc/init/*.conf", "upstart", UPSTART},
	{"/etc/rc.local", "rc.local", SCRIPT},
	{"/etc/rc.d/rc.local", "rc.local", SCRIPT},
	{"/etc/local.d/*", "openrc", SCRIPT},
	{"/etc/runlevels/*/*", "openrc", RCLINKS},
	{"/etc/crontab", "cron", CRON},
	{"/etc/cron.d/*", "cron", CRON},
	{"/etc/cron.hourly/*", "cron", NAMES},
	{"/etc/cron.daily/*", "cron", NAMES},
	{"/etc/cron.weekly/*", "cron", NAMES},
	{"/etc/cron.monthly/*", "cron", NAMES},
	{"/etc/cron.yearly/*", "cron", NAMES},
	{"/etc/periodic/*/*", "cron", NAMES},
	{"/etc/anacrontab", "anacron", ANACRON},
	{"/var/spool/cron/crontabs/*", "cron", TABS},
	{"/var/spool/cron/tabs/*", "cron", TABS},
	{"/var/spool/cron/*", "cron", TABS},
	{"/var/spool/cron/atjobs/*", "at", AT},
	{"/var/spool/atjobs/*", "at", AT},
	{"/var/spool/at/*", "at", AT},
	{"/etc/udev/rules.d/*.rules", "udev", UDEV},
	{"/run/udev/rules.d/*.rules", "udev", UDEV},
	{"/usr/local/lib/udev/rules.d/*.rules", "udev", UDEV},
	{"/usr/lib/udev/rules.d/*.rules", "udev", UDEV},
	{"/lib/udev/rules.d/*.rules", "udev", UDEV},
	{"/etc/xdg/autostart/*.desktop", "xdg", DESKTOP},
	{"/usr/share/autostart/*.desktop", "xdg", DESKTOP},
	{"/usr/share/gnome/autostart/*.desktop", "xdg", DESKTOP},
	{"/usr/share/dbus-1/services/*.service", "dbus", DESKTOP},
	{"/usr/share/dbus-1/system-services/*.service", "dbus", DESKTOP},
	{"/usr/local/share/dbus-1/services/*.service", "dbus", DESKTOP},
	{"/usr/local/share/dbus-1/system-services/*.service", "dbus", DESKTOP},
	{"/etc/dbus-1/system-services/*.service", "dbus", DESKTOP},
	{"/etc/update-motd.d/*", "motd", NAMES},
	{"/etc/profile.d/*", "profile", NAMES},
	{"/etc/X11/Xsession.d/*", "xsession", NAMES},
	{"/etc/X11/xinit/xinitrc.d/*", "xsession", NAMES},
	{"/etc/NetworkManager/dispatcher.d/*", "networkmanager", NAMES},
	{"/usr/lib/NetworkManager/dispatcher.d/*", "networkmanager", NAMES},
	{"/etc/network/if-up.d/*", "ifupdown", NAMES},
	{"/etc/network/if-pre-up.d/*", "ifupdown", NAMES},
	{"/etc/ppp/ip-up.d/*", "ppp", NAMES},
	{"/etc/dhcp/dhclient-enter-hooks.d/*", "dhclient", NAMES},
	{"/etc/dhcp/dhclient-exit-hooks.d/*", "dhclient", NAMES},
	{"/etc/kernel/postinst.d/*", "kernel-install", NAMES},
	{"/etc/kernel/install.d/*", "kernel-install", NAMES},
	{"/usr/lib/systemd/system-shutdown/*", "shutdown", NAMES},
	{"/usr/lib/systemd/system-sleep/*", "sleep", NAMES},
	{"/etc/pm/sleep.d/*", "sleep", NAMES},
	{"/etc/initramfs-tools/hooks/*", "initramfs-tools", NAMES},
	{"/etc/initramfs-tools/scripts/*/*", "initramfs-tools", NAMES},
	{"/usr/share/initramfs-tools/hooks/*", "initramfs-tools", NAMES},
	{"/usr/share/initramfs-tools/scripts/*/*", "initramfs-tools", NAMES},
	{"/usr/lib/dracut/modules.d/*", "dracut", NAMES},
	{"/etc/modprobe.d/*.conf", "modprobe", SCRIPT},
	{"/run/modprobe.d/*.conf", "modprobe", SCRIPT},
	{"/usr/lib/modprobe.d/*.conf", "modprobe", SCRIPT},
	{"/lib/modprobe.d/*.conf", "modprobe", SCRIPT},
	{"/etc/nftables.conf", "firewall", LINES},
	{"/etc/nftables.d/*", "firewall", LINES},
	{"/etc/nftables/*", "firewall", LINES},
	{"/etc/sysconfig/nftables.conf", "firewall", LINES},
	{"/etc/iptables/rules.v*", "firewall", LINES},
	{"/etc/iptables/*.rules", "firewall", LINES},
	{"/etc/sysconfig/iptables", "firewall", LINES},
	{"/etc/sysconfig/ip6tables", "firewall", LINES},
	{"/etc/ufw/*.rules", "firewall", LINES},
	{"/etc/ufw/applications.d/*", "firewall", LINES},
	{"/etc/firewalld/services/*", "firewall", LINES},
	{"/etc/firewalld/zones/*", "firewall", LINES},
	{"/etc/firewalld/policies/*", "firewall", LINES},
	{"/etc/ld.so.preload", "preload", PRELOAD},
	{"/etc/environment", "preload", ENVIRONMENT},
	{"/etc/environment.d/*", "preload", ENVIRONMENT},
	{"/usr/lib/environment.d/*", "preload", ENVIRONMENT},
	{"/etc/security/pam_env.conf", "preload", ENVIRONMENT},
	{"/etc/profile", "preload", ENVIRONMENT},
	{"/etc/profile.d/*", "preload", ENVIRONMENT},
	{"/etc/bash.bashrc", "preload", ENVIRONMENT},
	{"/etc/bashrc", "preload", ENVIRONMENT},
	{"/etc/zsh/*", "preload", ENVIRONMENT},
	{"/etc/default/*", "preload", ENVIRONMENT},
	{"/etc/sysconfig/*", "preload", ENVIRONMENT},
	{"/etc/kernel/cmdline", "cmdline", CMDLINE},
	{"/etc/default/grub", "cmdline", GRUB},
	{"/etc/default/grub.d/*", "cmdline", GRUB},
	{"/boot/grub/grub.cfg", "cmdline", GRUB},
	{"/boot/grub2/grub.cfg", "cmdline", GRUB},
	{"/boot/loader/entries/*.conf", "cmdline", GRUB},
	{"/efi/loader/entries/*.conf", "cmdline", GRUB},
};
/* The same below each home. */
static const struct place home_places[] = {
	{"/.config/autostart/*.desktop", "xdg", DESKTOP},
	{"/.local/share/dbus-1/services/*.service", "dbus", DESKTOP},
	{"/.config/environment.d/*", "preload", ENVIRONMENT},
	{"/.pam_environment", "preload", ENVIRONMENT},
	{"/.profile", "preload", ENVIRONMENT},
	{"/.bashrc", "preload", ENVIRONMENT},
	{"/.bash_profile", "preload", ENVIRONMENT},
	{"/.zshrc", "preload", ENVIRONMENT},
	{"/.zshenv", "preload", ENVIRONMENT},
};

struct run {
	struct vt_look l;
	vt_buf text;
	vt_span owner;
};

static struct vt_fact fact_of(const struct run *run, const struct place *p,
	const struct vt_look_entry *e, const char *state)
{
	struct vt_fact f = {.kind = VT_FACT_UNIT, .locus = e->path};

	vt_fact_set(&f, VT_ATTR_NAME, e->name);
	vt_fact_str(&f, VT_ATTR_MANAGER, p->manager);
	vt_fact_set(&f, VT_ATTR_PATH, e->path);
	vt_fact_set(&f, VT_ATTR_OWNER, run->owner);
	vt_fact_str(&f, VT_ATTR_STATE, state);
	return f;
}

static vt_span numbered(const struct run *run, const struct vt_look_entry *e, unsigned line)
{
	const char *part = vt_look_printf(&run->l, "%u", line);

	return vt_look_locus(&run->l, e->path, vt_span_str(part ? part : ""));
}

/* A file whose being there is what counts. */
static void look_name(struct run *run, const struct place *p, const struct vt_look_entry *e)
{
	struct vt_fact f = fact_of(run, p, e, "enabled");
	vt_span target;

	vt_fact_set(&f, VT_ATTR_COMMAND, e->path);
	if (vt_look_link(&run->l, e->path, &target))
		vt_fact_set(&f, VT_ATTR_VALUE, target);
	vt_collect_hidden(run->l.c, e->node.hidden);
	vt_collect_fact(run->l.c, &f);
	vt_collect_seen(run->l.c, run->l.area, true);
}

/* "S01name" in rc2.d: what runs there is called "name". */
static void look_rc_link(struct run *run, const struct place *p, const struct vt_look_entry *e)
{
	bool kills = e->name.n > 3 && e->name.p[0] == 'K';
	struct vt_fact f = fact_of(run, p, e, kills ? "disabled" : "enabled");
	vt_span target, folder = vt_span_of(e->path.p, e->path.n - e->name.n - 1);

	if (e->name.n > 3 && (kills || e->name.p[0] == 'S') && e->name.p[1] >= '0' &&
		e->name.p[1] <= '9')
		vt_fact_set(&f, VT_ATTR_NAME, vt_span_of(e->name.p + 3, e->name.n - 3));
	vt_fact_set(&f, VT_ATTR_SOURCE, vt_line_base(folder));
	if (vt_look_link(&run->l, e->path, &target))
		vt_fact_set(&f, VT_ATTR_VALUE, target);
	vt_collect_hidden(run->l.c, e->node.hidden);
	vt_collect_fact(run->l.c, &f);
	vt_collect_seen(run->l.c, run->l.area, true);
}

/* DAEMON=, PROG=, EXEC= and their like: a path that an init script assigns. */
static void look_init(struct run *run, const struct place *p, const struct vt_look_entry *e)
{
	struct vt_fact f = fact_of(run, p, e, "installed");
	vt_reader r = vt_reader_of(vt_buf_span(&run->text));
	vt_span line, name, value;
	unsigned facts = 0;

	vt_fact_set(&f, VT_ATTR_COMMAND, e->path);
	vt_collect_fact(run->l.c, &f);
	while (vt_line_next(&r, &line) && facts < 100) {
		if (!vt_line_assignment(line, &name, &value) || value.n < 2 || value.p[0] != '/')
			continue;
		vt_fact_set(&f, VT_ATTR_COMMAND, value);
		f.locus = vt_look_locus(&run->l, e->path, name);
		vt_collect_fact(run->l.c, &f);
		facts++;
	}
}

static void look_jobs(struct run *run, const struct place *p, const struct vt_look_entry *e,
	enum vt_jobs_form form)
{
	struct vt_jobs jobs = {.r = vt_reader_of(vt_buf_span(&run->text)), .form = form};
	struct vt_job job;

	while (vt_jobs_next(&jobs, &job)) {
		struct vt_fact f = fact_of(run, p, e, "enabled");

		f.locus = numbered(run, e, job.line);
		if (job.name.n)
			vt_fact_set(&f, VT_ATTR_NAME, job.name);
		vt_fact_set(&f, VT_ATTR_COMMAND, job.command);
		vt_fact_set(&f, VT_ATTR_VALUE, job.when);
		if (job.owner.n)
			vt_fact_set(&f, VT_ATTR_OWNER, job.owner);
		else if (p->way == TABS)
			vt_fact_set(&f, VT_ATTR_OWNER, e->name);
		vt_collect_fact(run->l.c, &f);
	}
}

static void look_udev(struct run *run, const struct place *p, const struct vt_look_entry *e)
{
	struct vt_udev u = {
		.r = vt_reader_of(vt_buf_span(&run->text)), .a = vt_collect_arena(run->l.c)};
	struct vt_fact f = fact_of(run, p, e, "enabled");
	vt_span key, command;

	vt_collect_fact(run->l.c, &f); /* the rule file's name alone is a sign */
	while (vt_udev_next(&u, &key, &command)) {
		f.locus = vt_look_locus(&run->l, e->path, key);
		vt_fact_set(&f, VT_ATTR_COMMAND, command);
		vt_collect_fact(run->l.c, &f);
	}
}

/* Exec= and TryExec= of a desktop or D-Bus file; Hidden=true switches an autostart off. */
static void look_desktop(struct run *run, const struct place *p, const struct vt_look_entry *e)
{
	struct vt_ini ini = {
		.r = vt_reader_of(vt_buf_span(&run->text)), .a = vt_collect_arena(run->l.c)};
	struct vt_fact f = fact_of(run, p, e, "enabled");
	vt_span key, value;

	while (vt_ini_next(&ini, &key, &value)) {
		if (vt_line_is(key, "Exec"))
			vt_fact_set(&f, VT_ATTR_COMMAND, value);
		if (vt_line_is(key, "Name"))
			vt_fact_set(&f, VT_ATTR_PRODUCT, value);
		if (vt_line_is(key, "SystemdService"))
			vt_fact_set(&f, VT_ATTR_VALUE, value);
		if ((vt_line_is(key, "Hidden") && vt_line_is(value, "true")) ||
			(vt_line_is(key, "X-GNOME-Autostart-enabled") &&
				vt_line_is(value, "false")))
			vt_fact_str(&f, VT_ATTR_STATE, "disabled");
	}
	vt_collect_fact(run->l.c, &f);
}

/* Libraries that a text names, separated by blanks or colons. */
static void look_libraries(struct run *run, const struct place *p, const struct vt_look_entry *e,
	vt_span text, vt_span part)
{
	size_t from = 0;

	for (size_t i = 0; i <= text.n; i++) {
		vt_span one = vt_span_of(text.p + from, i - from);
		struct vt_fact f;

		if (i < text.n && text.p[i] > ' ' && text.p[i] != ':')
			continue;
		from = i + 1;
		if (one.n == 0)
			continue;
		f = fact_of(run, p, e, "enabled");
		f.locus = vt_look_locus(&run->l, e->path, part);
		vt_fact_set(&f, VT_ATTR_NAME, vt_line_base(one));
		vt_fact_set(&f, VT_ATTR_PATH, one);
		vt_fact_set(&f, VT_ATTR_SOURCE, e->name);
		vt_collect_fact(run->l.c, &f);
	}
}

static void look_preload(struct run *run, const struct place *p, const struct vt_look_entry *e)
{
	vt_reader r = vt_reader_of(vt_buf_span(&run->text));
	const uint8_t *hash;
	vt_span line;

	while (vt_line_next(&r, &line)) {
		hash = line.n ? memchr(line.p, '#', line.n) : NULL;
		if (hash)
			line.n = (size_t)(hash - line.p);
		look_libraries(run, p, e, line, vt_span_of("", 0));
	}
}

static void look_environment(struct run *run, const struct place *p, const struct vt_look_entry *e)
{
	vt_reader r = vt_reader_of(vt_buf_span(&run->text));
	vt_span line, name, value;

	while (vt_line_next(&r, &line))
		if (vt_line_assignment(line, &name, &value) &&
			(vt_line_is(name, "LD_PRELOAD") || vt_line_is(name, "LD_AUDIT")))
			look_libraries(run, p, e, value, name);
}

static void report_cmdline(
	struct run *run, const struct place *p, const struct vt_look_entry *e, vt_span text)
{
	struct vt_fact f = fact_of(run, p, e, "enabled");
	vt_span rest = text, word;

	vt_fact_str(&f, VT_ATTR_NAME, "cmdline");
	vt_fact_set(&f, VT_ATTR_VALUE, text);
	while (vt_line_word(&rest, &word))
		if (vt_line_starts(word, "init=") || vt_line_starts(word, "rdinit="))
			vt_fact_set(&f, VT_ATTR_COMMAND,
				vt_span_of(word.p + word.n - (word.n - (word.p[0] == 'i' ? 5 : 7)),
					word.n - (word.p[0] == 'i' ? 5 : 7)));
	vt_collect_fact(run->l.c, &f);
}

static void look_loader(struct run *run, const struct place *p, const struct vt_look_entry *e)
{
	vt_reader r = vt_reader_of(vt_buf_span(&run->text));
	vt_span line, word, name, value;

	while (vt_line_next(&r, &line)) {
		vt_span rest = vt_line_trim(line);

		if (vt_line_starts(rest, "GRUB_CMDLINE") && vt_line_assignment(rest, &name, &value))
			report_cmdline(run, p, e, value);
		else if (vt_line_word(&rest, &word) &&
			(vt_line_is(word, "linux") || vt_line_is(word, "linux16") ||
				vt_line_is(word, "linuxefi") || vt_line_is(word, "options")))
			report_cmdline(run, p, e, rest);
	}
}

static void look_lines(struct run *run, const struct place *p, const struct vt_look_entry *e)
{
	struct vt_fact f = fact_of(run, p, e, "enabled");
	vt_reader r = vt_reader_of(vt_buf_span(&run->text));
	unsigned number = 0;
	vt_span line;

	vt_collect_fact(run->l.c, &f); /* the file's name alone is a sign */
	while (vt_line_next(&r, &line)) {
		number++;
		line = vt_line_trim(line);
		if (line.n == 0 || line.p[0] == '#')
			continue;
		f.locus = numbered(run, e, number);
		vt_fact_set(&f, VT_ATTR_VALUE, line);
		vt_collect_fact(run->l.c, &f);
	}
}

static void look_upstart(struct run *run, const struct place *p, const struct vt_look_entry *e)
{
	struct vt_fact f = fact_of(run, p, e, "installed");
	vt_reader r = vt_reader_of(vt_buf_span(&run->text));
	vt_span line, word;

	while (vt_line_next(&r, &line))
		if (vt_line_word(&line, &word) && vt_line_is(word, "exec"))
			vt_fact_set(&f, VT_ATTR_COMMAND, line);
	vt_collect_fact(run->l.c, &f);
}

static void look_file(struct run *run, const struct place *p, const struct vt_look_entry *e)
{
	if (p->way == NAMES) {
		look_name(run, p, e);
		return;
	}
	if (p->way == RCLINKS) {
		look_rc_link(run, p, e);
		return;
	}
	if (e->node.type == VT_NODE_FOLDER || !vt_look_text(&run->l, e->path, &run->text))
		return;
	switch (p->way) {
	case INIT: look_init(run, p, e); break;
	case SCRIPT:
		look_jobs(run, p, e,
			vt_line_is(vt_span_str(p->manager), "modprobe") ? VT_JOBS_MODPROBE
									: VT_JOBS_SCRIPT);
		break;
	case CRON: look_jobs(run, p, e, VT_JOBS_SYSTEM); break;
	case TABS: look_jobs(run, p, e, VT_JOBS_USER); break;
	case ANACRON: look_jobs(run, p, e, VT_JOBS_ANACRON); break;
	case AT: look_jobs(run, p, e, VT_JOBS_SCRIPT); break;
	case INITTAB: look_jobs(run, p, e, VT_JOBS_INITTAB); break;
	case UPSTART: look_upstart(run, p, e); break;
	case UDEV: look_udev(run, p, e); break;
	case DESKTOP: look_desktop(run, p, e); break;
	case ENVIRONMENT: look_environment(run, p, e); break;
	case PRELOAD: look_preload(run, p, e); break;
	case LINES: look_lines(run, p, e); break;
	case CMDLINE: report_cmdline(run, p, e, vt_line_trim(vt_buf_span(&run->text))); break;
	case GRUB: look_loader(run, p, e); break;
	case NAMES:
	case RCLINKS:
	default: break;
	}
}

static void look_place(struct run *run, const struct place *p, const char *glob)
{
	struct vt_look_entry *e;

	if (!glob || !vt_look_glob(&run->l, glob, &e))
		return;
	for (; e; e = e->next)
		if (e->node.type != VT_NODE_FOLDER || p->way == NAMES)
			look_file(run, p, e);
	vt_look_source(&run->l, p->manager, vt_span_str(glob));
}

static void look_running_kernel(struct run *run)
{
	static const struct place place = {"/proc/cmdline", "cmdline", CMDLINE};
	struct vt_look_entry e = {
		.path = vt_span_str("/proc/cmdline"), .name = vt_span_str("cmdline")};

	run->text.max = VT_LOOK_TEXT_MAX;
	if (vt_proc_read(AT_FDCWD, "/proc/cmdline", &run->text) == VT_OK) {
		while (run->text.n && run->text.p[run->text.n - 1] == '\n')
			run->text.n--;
		report_cmdline(run, &place, &e, vt_buf_span(&run->text));
		vt_collect_seen(run->l.c, run->l.area, true);
	} else {
		vt_collect_missed(run->l.c, run->l.area, e.path, vt_proc_miss());
	}
}

static vt_err start(struct vt_collect *c, void **out_state)
{
	struct run run = {.l = {.c = c, .area = VT_AREA_BOOT}};
	struct vt_home *h;
	vt_span target;
	bool merged;

	*out_state = NULL;
	if (vt_collect_platform(c) == VT_PLATFORM_WINDOWS)
		return VT_OK;
	merged = vt_look_link(&run.l, vt_span_str("/lib"), &target);
	for (size_t i = 0; i < VT_COUNT(places); i++)
		if (!merged || !vt_line_starts(vt_span_str(places[i].glob), "/lib/"))
			look_place(&run, &places[i], places[i].glob);
	for (h = vt_look_homes(&run.l); h; h = h->next)
		for (size_t i = 0; i < VT_COUNT(home_places); i++) {
			run.owner = h->user;
			look_place(&run, &home_places[i],
				memchr(h->path.p, '*', h->path.n)
					? NULL
					: vt_look_printf(&run.l, "%.*s%s", (int)h->path.n,
						  (const char *)h->path.p, home_places[i].glob));
		}
	if (vt_collect_live(c))
		look_running_kernel(&run);
	vt_buf_free(&run.text);
	return VT_OK;
}

const struct vt_collector vt_collector_startup = {
	.name = "startup", .area = VT_AREA_BOOT, .start = start};
