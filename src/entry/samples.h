/* SPDX-License-Identifier: Apache-2.0 */
/* Entries for tests: one of each kind, with keys whose seeds are one byte 32 times. */
#ifndef VT_ENTRY_SAMPLES_H
#define VT_ENTRY_SAMPLES_H

#define H0 "00000000000000000000000000000000000000000000000000000000000000"
#define HASH(xx) H0 xx
#define ALICE "alice+4124365a+AYqI4910CfGV/VLbLTy6XXLKZwm/HZQSG/N0iAG0D29c" /* 1 */
#define BOB "bob+9ebaaa42+AYE5dw6ofRdfVqNUZsNMfszLjYqRtO43ol32D1uPybOU"     /* 2 */
#define CAROL "carol+88d8b2f6+Ae1JKMYo0cLG6ukDOJBZlWEpWSc6XGP5NjbBRhSshzfR" /* 3 */
#define REX "rex+9c8ec040+Af0XJDhaoMdbZPt4zWAvodmR/ev3axPFjtcC6sg16fYY"     /* 9 */
/* a witness's, and Bob's under other names */
#define WIT "wit+969aaeb7+BOpKbGPinFIKvvVQexMuxfmVR3auvr57kkIe6mkURtIs"
#define ZED "zed+ced9cd80+AYE5dw6ofRdfVqNUZsNMfszLjYqRtO43ol32D1uPybOU"
#define BOBS_AS_ALICE "alice+f3799560+AYE5dw6ofRdfVqNUZsNMfszLjYqRtO43ol32D1uPybOU"

#define SAMPLE_ROOT                                                                                \
	"vitrine/root/v1\n"                                                                        \
	"version 1\n"                                                                              \
	"previous -\n"                                                                             \
	"expires 2027-01-01T00:00:00Z\n"                                                           \
	"threshold 2\n"                                                                            \
	"key " ALICE "\n"                                                                          \
	"key " BOB "\n"                                                                            \
	"key " CAROL "\n"                                                                          \
	"rebuilder " REX "\n"

#define SAMPLE_CONTENT                                                                             \
	"vitrine/content/v1\n"                                                                     \
	"name main\n"                                                                              \
	"version 7\n"                                                                              \
	"previous " HASH(                                                                          \
		"06") "\n"                                                                         \
		      "note 3 rules for a stealer\n"                                               \
		      "file " HASH(                                                                \
			      "aa") " 900 10 daily.hsb\n"                                          \
				    "file " HASH(                                                  \
					    "bb") " 100 0 rules.yar\n"                             \
						  "full 600 300 " HASH(                            \
							  "c1") "\n"                               \
								"full 400 200 " HASH(              \
									"c2") "\n"                 \
									      "from 6\n"           \
									      "delta 120 "         \
									      "80 " HASH(          \
										      "d1") "\n"

#define SAMPLE_DIRECTIVE                                                                           \
	"vitrine/directive/v1\n"                                                                   \
	"name quarantine-worm\n"                                                                   \
	"version 1\n"                                                                              \
	"previous -\n"                                                                             \
	"file " HASH("aa") " 90 0 directive.txt\n"                                                 \
			   "full 90 80 " HASH("c1") "\n"

#define SAMPLE_RELEASE                                                                             \
	"vitrine/release/v1\n"                                                                     \
	"name vitrine\n"                                                                           \
	"version 1.0.2-1 (bookworm)\n"                                                             \
	"source 59cf308a\n"                                                                        \
	"buildinfo " HASH(                                                                         \
		"b1") "\n"                                                                         \
		      "file " HASH("aa") " 900 0 bin/vitrine\n"                                    \
					 "file " HASH("bb") " 800 0 lib/vitrine/vitrine-worker\n"

#define SAMPLE_ATTEST                                                                              \
	"vitrine/attest/v1\n"                                                                      \
	"release " HASH("e1") "\n"                                                                 \
			      "file " HASH("aa") " bin/vitrine\n"

#define SAMPLE_WITHDRAW                                                                            \
	"vitrine/withdraw/v1\n"                                                                    \
	"what content\n"                                                                           \
	"name main\n"                                                                              \
	"version 7\n"                                                                              \
	"reason finds /bin/bash\n"

#define SAMPLE_RULE                                                                                \
	"vitrine/withdraw/v1\n"                                                                    \
	"what rule\n"                                                                              \
	"name main\n"                                                                              \
	"file daily.hsb\n"                                                                         \
	"line " HASH("11") "\n"                                                                    \
			   "reason finds /bin/bash\n"

#define SAMPLE_STATE                                                                               \
	"vitrine/state/v1\n"                                                                       \
	"version 3\n"                                                                              \
	"previous " HASH("02") "\n"                                                                \
			       "time 2026-11-24T04:00:00Z\n"                                       \
			       "expires 2026-12-08T04:00:00Z\n"                                    \
			       "root 0 " HASH(                                                     \
				       "e0") "\n"                                                  \
					     "live release 4 " HASH(                               \
						     "e4") "\n"                                    \
							   "live content 9 " HASH(                 \
								   "e9") "\n"                      \
									 "live withdraw 10 " HASH( \
										 "ea") "\n"

/* By nobody: of the right shape, and false. */
#define SAMPLE_SIG(name)                                                                           \
	"sig " name                                                                                \
	" AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"        \
	"AAAAAAAAAAA=\n"

#endif
