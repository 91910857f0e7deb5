/* SPDX-License-Identifier: MPL-2.0 */
/* Pictures that need no file: a small PNG with a pattern of its own for each name. */
#ifndef LOOPBACK_PICTURE_H
#define LOOPBACK_PICTURE_H

struct sj_strbuf;

#define LOOPBACK_PICTURE_SIDE 32u
#define LOOPBACK_PICTURE_BYTES_MAX 4096u

/* Appends the picture of that name; the same name gives the same bytes. */
void loopback_picture_png(struct sj_strbuf *out, const char *name);
/* Appends a GIF of one pixel, for whoever is content with that. */
void loopback_picture_gif(struct sj_strbuf *out);

#endif
