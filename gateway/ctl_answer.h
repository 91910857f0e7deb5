/* SPDX-License-Identifier: MPL-2.0 */
/* Prints the records of an answer. Inside of sojournctl only. */
#ifndef SOJOURN_CTL_ANSWER_H
#define SOJOURN_CTL_ANSWER_H

/* text is cut in place. On stdout. */
void ctl_answer_print_tables(char *text);
void ctl_answer_print_json(char *text);
/* The same; the daemon and its networks are always there. */
void ctl_answer_print_status(char *text);

#endif
