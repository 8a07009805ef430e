/* SPDX-License-Identifier: Apache-2.0 */
/* The forms that `vitrine prove` writes, in the order of its help. NULL: the signed statement. */
#ifndef VT_CLI_PROVE_FORMATS_H
#define VT_CLI_PROVE_FORMATS_H

#define VT_PROVE_FORMATS                                                                           \
	VT_PROVE_FORMAT("report", vt_report_text)                                                  \
	VT_PROVE_FORMAT("html", vt_report_html)                                                    \
	VT_PROVE_FORMAT("csv", vt_report_csv)                                                      \
	VT_PROVE_FORMAT("cyclonedx", vt_report_cyclonedx)                                          \
	VT_PROVE_FORMAT("oscal", vt_report_oscal)                                                  \
	VT_PROVE_FORMAT("oscal-poam", vt_report_oscal_poam)                                        \
	VT_PROVE_FORMAT("statement", NULL)
#define VT_PROVE_FORMAT_CHOICES "report|html|csv|cyclonedx|oscal|oscal-poam|statement"

#endif
