/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Differences between the kernels 6.1 to 7.x, each by the name of the feature;
 * Kbuild finds out which the kernel's headers have.
 * The rest of the driver is written for the newest kernel.
 */
#ifndef _H8L_COMPAT_H
#define _H8L_COMPAT_H

#include <linux/dma-buf.h>
#include <linux/mm.h>
#include <linux/module.h>

/* The name of a symbol namespace became a string in 6.13. */
#ifdef H8L_HAVE_NS_STRING
#define H8L_IMPORT_DMA_BUF	MODULE_IMPORT_NS("DMA_BUF")
#else
#define H8L_IMPORT_DMA_BUF	MODULE_IMPORT_NS(DMA_BUF)
#endif

/* Before the reservation lock became the importer's business. */
#ifndef H8L_HAVE_DMA_BUF_UNLOCKED
static inline struct sg_table *
dma_buf_map_attachment_unlocked(struct dma_buf_attachment *attach,
				enum dma_data_direction dir)
{
	return dma_buf_map_attachment(attach, dir);
}

static inline void
dma_buf_unmap_attachment_unlocked(struct dma_buf_attachment *attach,
				  struct sg_table *sgt,
				  enum dma_data_direction dir)
{
	dma_buf_unmap_attachment(attach, sgt, dir);
}
#endif

#ifndef H8L_HAVE_VM_FLAGS_SET
static inline void vm_flags_set(struct vm_area_struct *vma, vm_flags_t flags)
{
	vma->vm_flags |= flags;
}
#endif

#endif /* _H8L_COMPAT_H */
