/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is inside of jars: META-INF/maven/GROUP/ARTIFACT/pom.properties (java.util.Properties) and
 * META-INF/MANIFEST.MF (the JAR file specification, "Manifest").
 */
#ifndef VT_INVENTORY_PACKAGE_JAVA_H
#define VT_INVENTORY_PACKAGE_JAVA_H

#include "base/arena.h"
#include "base/err.h"
#include "inventory/package/package.h"

/* Name "group:artifact". VT_EFORMAT: no artifact; VT_ENOMEM. */
VT_MUST_USE vt_err vt_java_pom(vt_span text, vt_arena *a, struct vt_package *out);
/* Title and version of the implementation, or of the bundle. VT_EFORMAT: neither; VT_ENOMEM. */
VT_MUST_USE vt_err vt_java_manifest(vt_span text, vt_arena *a, struct vt_package *out);
/* What a member of that name is, without case where unpackers have none. */
enum vt_java_member { VT_JAVA_OTHER, VT_JAVA_POM, VT_JAVA_MANIFEST, VT_JAVA_ARCHIVE };
enum vt_java_member vt_java_member_of(vt_span name);

#endif
