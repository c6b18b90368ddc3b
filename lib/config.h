/* SPDX-License-Identifier: MIT */
/*
 * Configuration words of one context: copied once, from the file to memory
 * that the chip reads by itself, one list of descriptors per config channel.
 * Reference configure-and-run.md section 8.
 */
#ifndef H8L_CONFIG_H
#define H8L_CONFIG_H

#include "hef.h"
#include "resources.h"

struct config_stream {
	struct desc_list list;
	struct dma_buffer buffer;
	uint32_t desc_used;
};

struct config_set {
	struct config_stream stream[HW_MAX_CONFIG_CHANNELS];
};

/* Transfers of one group of words, in the order of their FETCH actions */
struct config_group {
	unsigned int count;
	uint8_t channel[HW_MAX_CONFIG_CHANNELS];
	uint16_t descs[HW_MAX_CONFIG_CHANNELS];
};

/* Makes lists and buffers large enough for all words of a list of actions */
int config_create(const struct h8l_device *device, const struct hef_action_list *actions,
		  unsigned int container_version, struct config_set *set,
		  struct h8l_error *error);
void config_release(const struct h8l_device *device, struct config_set *set);

/* How many words-actions follow one another from `first` on */
size_t config_group_length(const struct hef_action_list *actions, size_t first);

/* Copies the group of `length` actions and lets descriptors point to it. */
int config_add_group(const struct h8l_device *device, struct config_set *set,
		     const struct hef_action *actions, size_t length,
		     unsigned int container_version, struct config_group *group,
		     struct h8l_error *error);

/* All groups are there: hands the memory to the chip */
int config_flush(const struct h8l_device *device, const struct config_set *set,
		 struct h8l_error *error);

#endif /* H8L_CONFIG_H */
