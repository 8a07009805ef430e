/* SPDX-License-Identifier: Apache-2.0 */
/* What starts by itself, in a root that a shell builds. Hard case 9. */
#include "collect/system_test.h"

static const char kesl_unit[] =
	"[Unit]\nDescription=Example suite\n[Service]\n"
	"ExecStart=/opt/kaspersky/kesl/libexec/launcher \\\n# note\n  --daemon\n"
	"Environment=\"LD_PRELOAD=/opt/x/libhook.so /opt/x/b.so\" A=b\n"
	"[Install]\nWantedBy=multi-user.target\n";

static struct vt_collect *units(void)
{
	return run_over("root", &vt_collector_units, false);
}

static void test_case_9_units(void **state)
{
	struct vt_collect *c;

	(void)state;
	assert_int_equal(
		shell("mkdir -p root/usr/lib root/etc root/root && ln -s usr/lib root/lib"), 0);
	put_text("root/etc/passwd",
		"root:x:0:0::/root:/bin/sh\nann:x:1000:1000::/srv/ann:/bin/sh\n");
	/* re-created at each start: in two folders at once */
	put_text("root/etc/systemd/system/kesl.service", kesl_unit);
	put_text("root/usr/lib/systemd/system/kesl.service", kesl_unit);
	put_text("root/usr/local/lib/systemd/system/late.timer",
		"[Timer]\nOnCalendar=daily\nUnit=late.service\n");
	put_text("root/run/systemd/system/a.socket", "[Socket]\nListenStream=/run/bl4control\n");
	put_text("root/usr/lib/systemd/system/b.path", "[Path]\nPathExists=/opt/kaspersky\n");
	put_text("root/etc/systemd/system/ssh.service.d/10-x.conf",
		"[Service]\nExecStartPre=-/opt/kaspersky/hook\n");
	put_text("root/srv/ann/.config/systemd/user/tray.service",
		"[Service]\nExecStart=\"/opt/k gui/tray\" x\n");
	put_text("root/run/user/1000/systemd/transient/run-1.service",
		"[Service]\nExecStart=/tmp/t\n");
	put_text("root/usr/lib/systemd/system-generators/kes-generator", "#!/bin/sh\n");
	assert_int_equal(
		shell("cd root/etc/systemd/system; mkdir multi-user.target.wants;"
		      "ln -s ../kesl.service multi-user.target.wants/kesl.service;"
		      "ln -s /dev/null klnagent64.service; ln -s kesl.service alias.service;"
		      ": > empty.service"),
		0);
	c = units();
	ASSERT_SAYS(c, "@/etc/systemd/system/kesl.service#ExecStart ", "name=kesl.service ",
		"manager=systemd ", "product=Example suite", "state=installed",
		"command=/opt/kaspersky/kesl/libexec/launcher    --daemon");
	ASSERT_SAYS(c, "@/usr/lib/systemd/system/kesl.service#ExecStart ");
	ASSERT_SILENT(c, "@/lib/systemd/"); /* the same folder by another name */
	ASSERT_SAYS(c, "manager=preload ", "path=/opt/x/libhook.so ", "source=kesl.service ");
	ASSERT_SAYS(c, "manager=preload ", "path=/opt/x/b.so ");
	ASSERT_SILENT(c, "manager=preload ", "name=A=b");
	ASSERT_SAYS(c, "name=kesl.service ", "state=enabled", "source=multi-user.target.wants ",
		"value=../kesl.service");
	ASSERT_SAYS(c, "name=klnagent64.service ", "state=masked", "value=/dev/null");
	ASSERT_SAYS(c, "name=empty.service ", "state=masked");
	ASSERT_SAYS(c, "name=alias.service ", "state=linked", "value=kesl.service");
	ASSERT_SAYS(c, "name=late.timer ", "value=daily");
	ASSERT_SAYS(c, "name=a.socket ", "value=/run/bl4control");
	ASSERT_SAYS(c, "name=b.path ", "value=/opt/kaspersky");
	ASSERT_SAYS(c, "name=ssh.service ", "state=drop-in", "command=-/opt/kaspersky/hook");
	ASSERT_SAYS(c, "name=tray.service ", "command=\"/opt/k gui/tray\" x", "owner=ann");
	ASSERT_SAYS(c, "name=run-1.service ", "owner=1000");
	ASSERT_SAYS(c, "name=kes-generator ", "state=generator");
	ASSERT_SAYS(c, "source boot systemd /etc/systemd/system");
	assert_int_equal(c->seen, c->read + c->misses);
	assert_int_equal(c->misses, 0);
	fake_collect_free(c);
}

static void test_case_9_startup(void **state)
{
	struct vt_collect *c;

	(void)state;
	put_text("root/etc/init.d/kesl", "#!/bin/sh\nDAEMON=/opt/kaspersky/kesl/bin/kesl\n");
	assert_int_equal(shell("cd root/etc; mkdir rc2.d; ln -s ../init.d/kesl rc2.d/S20kesl"), 0);
	put_text("root/etc/rc.local", "#!/bin/sh\n# no\nA=1\n/opt/kaspersky/rc &\nexit 0\n");
	put_text("root/etc/crontab", "SHELL=/bin/sh\n5 4 * * sun root /opt/kaspersky/cron%in\n");
	put_text("root/etc/cron.d/x", "@reboot\tkesl   /opt/kaspersky/reboot\n");
	put_text("root/etc/cron.daily/kesl-update", "#!/bin/sh\n");
	put_text("root/etc/anacrontab", "1 5 job.daily /opt/kaspersky/ana\n");
	put_text("root/var/spool/cron/crontabs/ann", "* * * * * /opt/kaspersky/user\n");
	put_text("root/var/spool/cron/atjobs/a0001",
		"#!/bin/sh\nHOME=/root; export HOME\ncd /root || {\n"
		"/opt/kaspersky/at\n");
	put_text("root/usr/lib/udev/rules.d/99-k.rules",
		"ACTION==\"add\", \\\n RUN+=\"/opt/kaspersky/udev %k\"\n# RUN+=\"/no\"\n");
	put_text("root/etc/xdg/autostart/k.desktop",
		"[Desktop Entry]\nName=K\nExec=/opt/kaspersky/gui\n");
	put_text("root/root/.config/autostart/l.desktop",
		"[Desktop Entry]\nExec=/opt/l\nHidden=true\n");
	put_text("root/etc/ld.so.preload", "/opt/kaspersky/lib/preload.so # /no.so\n");
	put_text("root/etc/environment", "PATH=/bin\nLD_PRELOAD=\"/opt/e.so:/opt/f.so\"\n");
	put_text("root/root/.bashrc", "export LD_AUDIT=/opt/audit.so\n");
	put_text(
		"root/etc/default/grub", "GRUB_CMDLINE_LINUX=\"quiet init=/opt/kaspersky/init\"\n");
	put_text("root/boot/loader/entries/1.conf", "title x\noptions root=/dev/sda rdinit=/r\n");
	put_text("root/etc/modprobe.d/k.conf", "install klif /opt/kaspersky/mod\n");
	put_text("root/usr/share/dbus-1/system-services/k.service",
		"[D-BUS Service]\nExec=/opt/kaspersky/dbus\n");
	c = run_over("root", &vt_collector_startup, false);
	ASSERT_SAYS(c, "@/etc/init.d/kesl#DAEMON ", "manager=sysv",
		"command=/opt/kaspersky/kesl/bin/kesl");
	ASSERT_SAYS(c, "@/etc/rc2.d/S20kesl ", "name=kesl ", "state=enabled", "source=rc2.d ");
	ASSERT_SAYS(c, "@/etc/rc.local#4 ", "command=/opt/kaspersky/rc &");
	ASSERT_SILENT(c, "command=exit 0");
	ASSERT_SAYS(c, "@/etc/crontab#2 ", "command=/opt/kaspersky/cron ", "owner=root",
		"value=5 4 * * sun");
	ASSERT_SAYS(c, "@/etc/cron.d/x#1 ", "command=/opt/kaspersky/reboot ", "owner=kesl",
		"value=@reboot");
	ASSERT_SAYS(c, "name=kesl-update ", "manager=cron");
	ASSERT_SAYS(c, "name=job.daily ", "manager=anacron ", "command=/opt/kaspersky/ana");
	ASSERT_SAYS(c, "command=/opt/kaspersky/user ", "owner=ann");
	ASSERT_SAYS(c, "manager=at ", "command=/opt/kaspersky/at");
	ASSERT_SILENT(c, "manager=at ", "HOME=");
	ASSERT_SAYS(c, "manager=udev ", "command=/opt/kaspersky/udev %k");
	ASSERT_SILENT(c, "command=/no");
	ASSERT_SAYS(
		c, "manager=xdg ", "command=/opt/kaspersky/gui ", "product=K ", "state=enabled");
	ASSERT_SAYS(c, "name=l.desktop ", "state=disabled", "owner=root");
	ASSERT_SAYS(c, "@/etc/ld.so.preload ", "manager=preload ", "name=preload.so ",
		"path=/opt/kaspersky/lib/preload.so ");
	ASSERT_SILENT(c, "no.so");
	ASSERT_SAYS(c, "@/etc/environment#LD_PRELOAD ", "path=/opt/e.so ");
	ASSERT_SAYS(c, "@/etc/environment#LD_PRELOAD ", "path=/opt/f.so ");
	ASSERT_SAYS(c, "path=/opt/audit.so ", "owner=root");
	ASSERT_SAYS(c, "manager=cmdline ", "command=/opt/kaspersky/init ");
	ASSERT_SAYS(c, "manager=cmdline ", "command=/r ", "value=root=/dev/sda rdinit=/r");
	ASSERT_SAYS(c, "manager=modprobe ", "name=klif ", "command=/opt/kaspersky/mod");
	ASSERT_SAYS(c, "manager=dbus ", "command=/opt/kaspersky/dbus");
	assert_int_equal(c->seen, c->read + c->misses);
	assert_int_equal(c->misses, 0);
	fake_collect_free(c);
}

static void test_case_9_modules(void **state)
{
	struct vt_collect *c;

	(void)state;
	put_text("root/etc/modules", "# x\nredirfs\n");
	put_text("root/etc/modules-load.d/k.conf", "avflt\n");
	put_text("root/etc/modprobe.d/b.conf",
		"blacklist nouveau\nalias k-* klif\noptions klif a=1 \\\n b=2\n");
	put_text("root/usr/lib/modules/6.1.0/updates/dkms/klif.ko.xz", "x");
	put_text("root/usr/lib/modules/6.1.0/modules.dep", "x");
	put_text("root/usr/src/klif-1.2/dkms.conf",
		"PACKAGE_NAME=\"klif\"\nPACKAGE_VERSION=\"1.2\"\nBUILT_MODULE_NAME[0]="
		"\"klifmod\"\n");
	assert_int_equal(shell("mkdir -p root/var/lib/dkms/klif/1.2"), 0);
	c = run_over("root", &vt_collector_modules, false);
	ASSERT_SAYS(c, "@/etc/modules#redirfs ", "name=redirfs ", "state=load");
	ASSERT_SAYS(c, "name=avflt ", "state=load");
	ASSERT_SAYS(c, "name=nouveau ", "state=blacklisted");
	ASSERT_SAYS(c, "name=klif ", "state=alias", "value=k-*");
	ASSERT_SAYS(c, "name=klif ", "state=options", "value=a=1");
	ASSERT_SAYS(c, "name=klif ", "state=installed",
		"path=/usr/lib/modules/6.1.0/updates/dkms/klif.ko.xz");
	ASSERT_SILENT(c, "modules.dep");
	ASSERT_SAYS(
		c, "name=klif ", "version=1.2 ", "state=dkms", "path=/usr/src/klif-1.2/dkms.conf");
	ASSERT_SAYS(c, "name=klifmod ", "source=klif ", "state=dkms");
	ASSERT_SAYS(c, "@/var/lib/dkms/klif/1.2 ", "name=klif ", "version=1.2 ");
	ASSERT_SAYS(c, "source boot modules /usr/lib/modules");
	assert_int_equal(c->misses, 0);
	fake_collect_free(c);
}

/* A PE file with two sections: a command line, and what is in a file. */
static void put_unified(const char *path, const char *cmdline, const char *initrd)
{
	static uint8_t b[1 << 20];
	size_t n = strlen(cmdline), at = 0x400, size;
	const uint32_t places[2][2] = {{0x200, (uint32_t)n}, {0x400, 0}};
	int fd = open(initrd, O_RDONLY | O_CLOEXEC);

	memset(b, 0, sizeof b);
	memcpy(b, "MZ", 2);
	b[0x3c] = 0x40;
	memcpy(b + 0x40, "PE\0\0\x64\x86\2", 7);
	memcpy(b + 0x200, cmdline, n);
	assert_int_equal(vt_fd_pread(fd, b + at, sizeof b - at, 0, &size), VT_OK);
	vt_fd_close(fd);
	for (int i = 0; i < 2; i++) {
		uint8_t *section = b + 0x58 + 40 * i;
		uint32_t length = i ? (uint32_t)size : places[i][1];

		memcpy(section, i ? ".initrd" : ".cmdline", i ? 7 : 8);
		memcpy(section + 8, &length, 4);
		memcpy(section + 16, &length, 4);
		memcpy(section + 20, &places[i][0], 4);
	}
	put(path, b, at + size);
}

/* Early microcode and then each compression that the kernel reads. */
static void test_case_9_initramfs(void **state)
{
	static const struct {
		const char *name, *program;
	} forms[] = {{"plain", "cat"}, {"gz", "gzip -9"}, {"xz", "xz --check=crc32"},
		{"zst", "zstd -q -19 -c"}, {"lz4", "lz4 -l -q -c"}, {"bz2", "bzip2"},
		{"lzma", "lzma"}};
	char command[1024], line[128];
	struct vt_collect *c;

	(void)state;
	assert_int_equal(shell("mkdir -p boot root/boot ucode/kernel/x86/microcode "
			       "ird/opt/kaspersky ird/lib/modules;"
			       "echo u > ucode/kernel/x86/microcode/GenuineIntel.bin;"
			       "head -c 300000 /dev/urandom > ird/opt/kaspersky/kesl; echo m > "
			       "ird/lib/modules/klif.ko;"
			       "(cd ucode; find . | cpio -o -H newc --quiet) > u.cpio;"
			       "(cd ird; find . | cpio -o -H newc --quiet) > main.cpio"),
		0);
	for (size_t i = 0; i < VT_COUNT(forms); i++) {
		(void)snprintf(command, sizeof command,
			"%s < main.cpio > p; cp p root/boot/initrd.img-%s;"
			"cat u.cpio p > root/boot/initramfs-%s.img",
			forms[i].program, forms[i].name, forms[i].name);
		assert_int_equal(shell(command), 0);
	}
	assert_int_equal(shell("head -c 100000 root/boot/initrd.img-gz > root/boot/initrd.img-cut;"
			       "head -c 5000 /dev/urandom > root/boot/initrd.img-noise;"
			       "ln -s initrd.img-gz root/boot/initrd.img;"
			       "mkdir -p root/efi/EFI/Linux; echo MZ > root/efi/EFI/Linux/cut.efi"),
		0);
	put_unified(
		"root/efi/EFI/Linux/whole.efi", "quiet init=/x\n", "root/boot/initramfs-zst.img");
	c = run_over("root", &vt_collector_initramfs, false);
	for (size_t i = 0; i < VT_COUNT(forms); i++) {
		(void)snprintf(line, sizeof line, "file @/boot/initrd.img-%s#/opt/kaspersky/kesl ",
			forms[i].name);
		ASSERT_SAYS(c, line, "path=/opt/kaspersky/kesl ", "name=kesl ");
		(void)snprintf(line, sizeof line, "@/boot/initramfs-%s.img#/opt/kaspersky/kesl ",
			forms[i].name);
		ASSERT_SAYS(c, line);
		(void)snprintf(line, sizeof line,
			"@/boot/initramfs-%s.img#/kernel/x86/microcode/GenuineIntel.bin ",
			forms[i].name);
		ASSERT_SAYS(c, line);
		(void)snprintf(line, sizeof line,
			"module @/boot/initrd.img-%s#/lib/modules/klif.ko ", forms[i].name);
		ASSERT_SAYS(c, line, "name=klif ", "state=initramfs");
		(void)snprintf(line, sizeof line, "source boot initramfs /boot/initrd.img-%s",
			forms[i].name);
		ASSERT_SAYS(c, line);
	}
	ASSERT_SAYS(c, "missed malformed /boot/initrd.img-cut");
	ASSERT_SAYS(c, "missed malformed /boot/initrd.img-noise");
	ASSERT_SAYS(c, "missed malformed /efi/EFI/Linux/cut.efi");
	ASSERT_SAYS(c, "@/efi/EFI/Linux/whole.efi#/opt/kaspersky/kesl ", "name=kesl ");
	ASSERT_SAYS(
		c, "@/efi/EFI/Linux/whole.efi#cmdline ", "manager=cmdline ", "value=quiet init=/x");
	ASSERT_SILENT(c, "@/boot/initrd.img#");
	assert_int_equal(c->misses, 3);
	assert_int_equal(c->read, 2 * VT_COUNT(forms) + 1);
	fake_collect_free(c);
}

/* Another system's root without any of it: no source, so nothing is known. */
static void test_nothing_is_unknown(void **state)
{
	static const struct vt_collector *const all[] = {&vt_collector_units, &vt_collector_startup,
		&vt_collector_modules, &vt_collector_initramfs, &vt_collector_accounts,
		&vt_collector_trust, &vt_collector_browsers, &vt_collector_windows,
		&vt_collector_windows_boot, &vt_collector_macos_boot, &vt_collector_macos};

	(void)state;
	assert_int_equal(shell("mkdir -p empty"), 0);
	for (size_t i = 0; i < VT_COUNT(all); i++) {
		struct vt_collect *c = run_over("empty", all[i], false);

		ASSERT_SILENT(c, "source");
		assert_int_equal(c->seen + c->facts + c->misses, 0);
		fake_collect_free(c);
	}
}

/* What can't be read is a miss: a loop of links, a folder in a file's place, a FIFO, a huge file.
 */
static void test_misses(void **state)
{
	struct vt_collect *c;

	(void)state;
	assert_int_equal(shell("mkdir -p bad/etc/systemd/system bad/etc/cron.d; cd bad/etc;"
			       "ln -s b.service systemd/system/a.service; ln -s a.service "
			       "systemd/system/b.service;"
			       "mkfifo systemd/system/c.service; mkfifo cron.d/fifo;"
			       "truncate -s 10M cron.d/large; ln -s /etc/nowhere cron.d/dangling"),
		0);
	c = run_over("bad", &vt_collector_units, false);
	ASSERT_SAYS(c, "missed special /etc/systemd/system/c.service");
	ASSERT_SAYS(c, "missed", "/etc/systemd/system/a.service");
	assert_int_equal(c->misses, 3);
	fake_collect_free(c);
	c = run_over("bad", &vt_collector_startup, false);
	ASSERT_SAYS(c, "missed special /etc/cron.d/fifo");
	ASSERT_SAYS(c, "missed too-large /etc/cron.d/large");
	ASSERT_SILENT(c, "dangling");
	assert_int_equal(c->misses, 2);
	fake_collect_free(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_case_9_units),
		cmocka_unit_test(test_case_9_startup),
		cmocka_unit_test(test_case_9_modules),
		cmocka_unit_test(test_case_9_initramfs),
		cmocka_unit_test(test_nothing_is_unknown),
		cmocka_unit_test(test_misses),
	};

	return cmocka_run_group_tests(tests, scratch_begin, scratch_end);
}
