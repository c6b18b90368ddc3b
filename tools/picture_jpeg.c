// SPDX-License-Identifier: MIT
/*
 * JPEG files. libjpeg reports errors through a function that must not return,
 * hence setjmp(). Everything that is needed after a jump lies in a job that the
 * caller of the function with the setjmp() owns: nothing leaks, and no local
 * variable is in doubt.
 */
#include <setjmp.h>
#include <stdio.h>
#include <string.h>

#include <jpeglib.h>
#include <jerror.h>

#include "tools/picture.h"

#define JPEG_QUALITY 95

struct jpeg_trap {
	struct jpeg_error_mgr manager;	/* first: libjpeg knows only this */
	jmp_buf jump;
	char text[JMSG_LENGTH_MAX];
};

static void trap_exit(j_common_ptr info)
{
	struct jpeg_trap *trap = (struct jpeg_trap *)info->err;

	info->err->format_message(info, trap->text);
	longjmp(trap->jump, 1);
}

/* libjpeg warns about missing or broken data and paints it grey. A network's
 * result on such a picture would be wrong without anybody knowing.
 */
static void trap_message(j_common_ptr info, int level)
{
	if (level >= 0)
		return;
	switch (info->err->msg_code) {
	case JWRN_HIT_MARKER:
	case JWRN_HUFF_BAD_CODE:
	case JWRN_JPEG_EOF:
	case JWRN_MUST_RESYNC:
		trap_exit(info);
	}
}

static struct jpeg_error_mgr *trap_init(struct jpeg_trap *trap)
{
	jpeg_std_error(&trap->manager);
	trap->manager.error_exit = trap_exit;
	trap->manager.emit_message = trap_message;
	trap->text[0] = '\0';
	return &trap->manager;
}

/* Runs work(job); false if libjpeg gave up in it. */
static bool trapped(struct jpeg_trap *trap, void (*work)(void *job), void *job)
{
	if (setjmp(trap->jump))
		return false;
	work(job);
	return true;
}

struct load_job {
	struct jpeg_decompress_struct jpeg;
	struct jpeg_trap trap;
	FILE *file;
	const char *path;
	struct picture *picture;
	struct problem *problem;
	int result;
};

struct save_job {
	struct jpeg_compress_struct jpeg;
	struct jpeg_trap trap;
	FILE *file;
	const struct picture *picture;
};

static int damaged_jpeg(const char *path, const char *text, struct problem *problem)
{
	problem_set(problem, "%s: damaged or unusual JPEG: %s", path, text);
	problem_hint(problem, "get the file again, or convert it to PNG");
	return -1;
}

static int load_header(struct load_job *job)
{
	struct jpeg_decompress_struct *jpeg = &job->jpeg;
	struct picture *picture = job->picture;

	jpeg_stdio_src(jpeg, job->file);
	jpeg_read_header(jpeg, TRUE);
	jpeg->out_color_space = picture->channels == 1 ? JCS_GRAYSCALE : JCS_RGB;
	picture->width = jpeg->image_width;
	picture->height = jpeg->image_height;
	if (jpeg->num_components == 4) {
		problem_set(job->problem, "%s: JPEG in CMYK colours", job->path);
		problem_hint(job->problem, "convert it to RGB");
		return -1;
	}
	if (picture_check_size(job->path, picture->width, picture->height, job->problem))
		return -1;
	return picture_alloc(picture, job->problem);
}

static void load_rows(struct jpeg_decompress_struct *jpeg, struct picture *picture)
{
	size_t stride = (size_t)picture->width * picture->channels;

	jpeg_start_decompress(jpeg);
	while (jpeg->output_scanline < jpeg->output_height) {
		JSAMPROW row = picture->pixels + jpeg->output_scanline * stride;

		jpeg_read_scanlines(jpeg, &row, 1);
	}
	jpeg_finish_decompress(jpeg);
}

static void load(void *data)
{
	struct load_job *job = data;

	jpeg_create_decompress(&job->jpeg);
	job->result = load_header(job);
	if (!job->result)
		load_rows(&job->jpeg, job->picture);
}

int picture_load_jpeg(FILE *file, const char *path, struct picture *picture,
		      struct problem *problem)
{
	struct load_job job = {
		.file = file, .path = path, .picture = picture, .problem = problem,
	};

	job.jpeg.err = trap_init(&job.trap);
	if (!trapped(&job.trap, load, &job)) {
		picture_free(picture);
		job.result = damaged_jpeg(path, job.trap.text, problem);
	}
	jpeg_destroy_decompress(&job.jpeg);
	return job.result;
}

static void save_header(struct jpeg_compress_struct *jpeg, FILE *file,
			const struct picture *picture)
{
	int i;

	jpeg_stdio_dest(jpeg, file);
	jpeg->image_width = picture->width;
	jpeg->image_height = picture->height;
	jpeg->input_components = (int)picture->channels;
	jpeg->in_color_space = picture->channels == 1 ? JCS_GRAYSCALE : JCS_RGB;
	jpeg_set_defaults(jpeg);
	jpeg_set_quality(jpeg, JPEG_QUALITY, TRUE);
	/* results have sharp edges in colour too: no chroma subsampling */
	for (i = 0; i < jpeg->num_components; i++) {
		jpeg->comp_info[i].h_samp_factor = 1;
		jpeg->comp_info[i].v_samp_factor = 1;
	}
}

static void save_rows(struct jpeg_compress_struct *jpeg, const struct picture *picture)
{
	size_t stride = (size_t)picture->width * picture->channels;

	jpeg_start_compress(jpeg, TRUE);
	while (jpeg->next_scanline < jpeg->image_height) {
		JSAMPROW row = picture->pixels + jpeg->next_scanline * stride;

		jpeg_write_scanlines(jpeg, &row, 1);
	}
	jpeg_finish_compress(jpeg);
}

static void save(void *data)
{
	struct save_job *job = data;

	jpeg_create_compress(&job->jpeg);
	save_header(&job->jpeg, job->file, job->picture);
	save_rows(&job->jpeg, job->picture);
}

int picture_save_jpeg(FILE *file, const char *name, const struct picture *picture,
		      struct problem *problem)
{
	struct save_job job = { .file = file, .picture = picture };
	int result = 0;

	job.jpeg.err = trap_init(&job.trap);
	if (!trapped(&job.trap, save, &job))
		result = problem_set(problem, "%s: cannot write JPEG: %s", name, job.trap.text);
	jpeg_destroy_compress(&job.jpeg);
	return result;
}
