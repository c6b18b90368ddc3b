// SPDX-License-Identifier: MIT
/*
 * Faults asked for by the configuration. Each one counts how often it could
 * have hit; `after` and `count` choose which of these do.
 */
#include <errno.h>

#include "tests/emulator/chip.h"

/* For these `value` is another way to say which match is meant. */
static void fold_value(struct emu_fault *fault)
{
	if (fault->kind == EMU_FAULT_ALL_ONES || fault->kind == EMU_FAULT_HANG ||
	    fault->kind == EMU_FAULT_LINK_LOST)
		fault->after += fault->value;
	if ((fault->kind == EMU_FAULT_HANG || fault->kind == EMU_FAULT_LINK_LOST) &&
	    !fault->count)
		fault->count = 1;
	if ((fault->kind == EMU_FAULT_IRQ_LOST || fault->kind == EMU_FAULT_IRQ_LATE ||
	     fault->kind == EMU_FAULT_DESC_ERROR) && fault->value) {
		fault->after += fault->value - 1;
		if (!fault->count)
			fault->count = 1;
	}
}

int fault_init(struct emu *emu)
{
	for (unsigned int i = 0; i < emu->config.fault_count; i++) {
		const struct emu_fault *fault = &emu->config.faults[i];

		if ((unsigned int)fault->kind >= EMU_FAULT_KINDS) {
			fprintf(emu->config.log, "configuration: fault %d does not exist\n",
				(int)fault->kind);
			return -EINVAL;
		}
		emu->fault[i] = (struct fault_state){ .spec = *fault };
		fold_value(&emu->fault[i].spec);
	}
	return 0;
}

static bool fits(const struct emu_fault *fault, enum emu_fault_kind kind, int64_t key)
{
	return fault->kind == kind && (fault->key == -1 || key == -1 || fault->key == key);
}

void emu_switch_faults(struct emu *emu)
{
	emu->config.faults_wait = !emu->config.faults_wait;
}

const struct emu_fault *fault_find(const struct emu *emu, enum emu_fault_kind kind,
				   int64_t key)
{
	if (emu->config.faults_wait)
		return NULL;
	for (unsigned int i = 0; i < emu->config.fault_count; i++)
		if (fits(&emu->fault[i].spec, kind, key))
			return &emu->fault[i].spec;
	return NULL;
}

static bool hits(struct fault_state *state)
{
	uint64_t nth = ++state->matches;

	if (nth <= state->spec.after)
		return false;
	return !state->spec.count || nth - state->spec.after <= state->spec.count;
}

bool emu_fault(struct emu *emu, enum emu_fault_kind kind, int64_t key,
	       const struct emu_fault **fault)
{
	if (emu->config.faults_wait)
		return false;
	for (unsigned int i = 0; i < emu->config.fault_count; i++) {
		struct fault_state *state = &emu->fault[i];

		if (!fits(&state->spec, kind, key) || !hits(state))
			continue;
		emu->stats.faults++;
		if (fault)
			*fault = &state->spec;
		return true;
	}
	return false;
}
