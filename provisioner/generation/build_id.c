#include "provisioner/generation/build_id.h"

#include <elf.h>
#include <link.h>
#include <stdint.h>
#include <string.h>

#define NOTE_ALIGN(n) (((n) + 3) & ~(size_t)3)

/* Notes stand one behind the other: header, name, bytes, the latter two filled up to 4. */
static bool find_id(const char *at, size_t left, struct str *out)
{
	ElfW(Nhdr) note;

	while (left >= sizeof(note)) {
		memcpy(&note, at, sizeof(note));
		size_t name = NOTE_ALIGN(note.n_namesz), bytes = NOTE_ALIGN(note.n_descsz);

		if (name > left - sizeof(note) || bytes > left - sizeof(note) - name)
			return false;
		if (note.n_type == NT_GNU_BUILD_ID && note.n_namesz == sizeof(ELF_NOTE_GNU) &&
			memcmp(at + sizeof(note), ELF_NOTE_GNU, sizeof(ELF_NOTE_GNU)) == 0) {
			str_add_hex(out, at + sizeof(note) + name, note.n_descsz);
			return true;
		}
		at += sizeof(note) + name + bytes;
		left -= sizeof(note) + name + bytes;
	}
	return false;
}

/* The first object is the program itself. */
static int on_object(struct dl_phdr_info *info, size_t size, void *arg)
{
	(void)size;
	for (size_t i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *p = &info->dlpi_phdr[i];
		uintptr_t address = info->dlpi_addr + p->p_vaddr;
		const char *at;

		memcpy(&at, &address, sizeof(at)); /* the loader tells numbers */
		if (p->p_type == PT_NOTE && find_id(at, p->p_memsz, arg))
			break;
	}
	return 1;
}

void build_id(struct str *out)
{
	str_add(out, SLIPWAY_VERSION " ");
	(void)dl_iterate_phdr(on_object, out);
}
