#include "dhcpd/arch.h"

#include <stddef.h>

#include "provisioner/base/mem.h"

/* Debian's ipxe package has BIOS and x86-64 UEFI; its shim and GRUB for ARM64 are signed. Shim asks for grubaa64.efi
 * beside itself or at the top of the folder, so both lie there. */
#define BIOS_LOADER "undionly.kpxe"
#define X64_LOADER "snponly.efi"
#define ARM64_LOADER "shimaa64.efi"

/* Flatcar, Fedora CoreOS and Debian are made for these two. */
#define X64 "x86_64"
#define ARM64 "aarch64"

#define NOT_SHIPPED "no boot loader is shipped for it: give the node a boot-file"
#define NO_IA32 "Debian has no boot loader for 32-bit x86 UEFI: give the node a boot-file"
#define U_BOOT "U-Boot runs what it is told to: give the node a boot-file"
#define NO_HTTP_IN_GRUB \
	"Debian's signed GRUB knows no HTTP: give the node boot-file: uki, or let it boot by PXE"
#define RASPBERRY                                                                             \
	"it asks for start4.elf, config.txt and more by names of its own: put them into the " \
	"firmware folder"

#define BIOS(n, name, image, loader, lack)                 \
	{                                                  \
		n, ARCH_IS_BIOS, name, image, loader, lack \
	}
#define UEFI(n, name, image, loader, lack)                 \
	{                                                  \
		n, ARCH_IS_UEFI, name, image, loader, lack \
	}
#define HTTP(n, name, image, loader, lack)                 \
	{                                                  \
		n, ARCH_IS_HTTP, name, image, loader, lack \
	}
#define OTHER(n, name, image, lack)                       \
	{                                                 \
		n, ARCH_IS_OTHER, name, image, NULL, lack \
	}

/* RFC 4578 calls 7 EFI byte code and 9 x86-64; the field has it the other way round, so both get the
 * x86-64 loader. The row's place is its number. */
static const struct arch archs[] = {
	BIOS(0, "x86 BIOS", X64, BIOS_LOADER, NULL),
	BIOS(1, "NEC PC98", NULL, NULL, NOT_SHIPPED),
	UEFI(2, "Itanium", NULL, NULL, NOT_SHIPPED),
	OTHER(3, "DEC Alpha", NULL, NOT_SHIPPED),
	OTHER(4, "Arc x86", NULL, NOT_SHIPPED),
	OTHER(5, "Intel Lean Client", NULL, NOT_SHIPPED),
	UEFI(6, "x86 UEFI", X64, NULL, NO_IA32),
	UEFI(7, "x86-64 UEFI", X64, X64_LOADER, NULL),
	UEFI(8, "Xscale UEFI", NULL, NULL, NOT_SHIPPED),
	UEFI(9, "x86-64 UEFI", X64, X64_LOADER, NULL),
	UEFI(10, "ARM 32-bit UEFI", NULL, NULL, NOT_SHIPPED),
	UEFI(11, "ARM 64-bit UEFI", ARM64, ARM64_LOADER, NULL),
	OTHER(12, "PowerPC Open Firmware", NULL, NOT_SHIPPED),
	OTHER(13, "PowerPC ePAPR", NULL, NOT_SHIPPED),
	OTHER(14, "POWER OPAL", NULL, NOT_SHIPPED),
	HTTP(15, "x86 UEFI HTTP", X64, NULL, NO_IA32),
	HTTP(16, "x86-64 UEFI HTTP", X64, X64_LOADER, NULL),
	HTTP(17, "x86-64 UEFI HTTP", X64, X64_LOADER, NULL),
	HTTP(18, "ARM 32-bit UEFI HTTP", NULL, NULL, NOT_SHIPPED),
	HTTP(19, "ARM 64-bit UEFI HTTP", ARM64, NULL, NO_HTTP_IN_GRUB),
	HTTP(20, "x86 BIOS HTTP", X64, BIOS_LOADER, NULL),
	OTHER(21, "ARM 32-bit U-Boot", NULL, U_BOOT),
	OTHER(22, "ARM 64-bit U-Boot", ARM64, U_BOOT),
	HTTP(23, "ARM 32-bit U-Boot HTTP", NULL, NULL, U_BOOT),
	HTTP(24, "ARM 64-bit U-Boot HTTP", ARM64, NULL, U_BOOT),
	UEFI(25, "RISC-V 32-bit UEFI", NULL, NULL, NOT_SHIPPED),
	HTTP(26, "RISC-V 32-bit UEFI HTTP", NULL, NULL, NOT_SHIPPED),
	UEFI(27, "RISC-V 64-bit UEFI", NULL, NULL, NOT_SHIPPED),
	HTTP(28, "RISC-V 64-bit UEFI HTTP", NULL, NULL, NOT_SHIPPED),
	UEFI(29, "RISC-V 128-bit UEFI", NULL, NULL, NOT_SHIPPED),
	HTTP(30, "RISC-V 128-bit UEFI HTTP", NULL, NULL, NOT_SHIPPED),
	OTHER(31, "s390 basic", NULL, NOT_SHIPPED),
	OTHER(32, "s390 extended", NULL, NOT_SHIPPED),
	UEFI(33, "MIPS 32-bit UEFI", NULL, NULL, NOT_SHIPPED),
	UEFI(34, "MIPS 64-bit UEFI", NULL, NULL, NOT_SHIPPED),
	UEFI(35, "Sunway 32-bit UEFI", NULL, NULL, NOT_SHIPPED),
	UEFI(36, "Sunway 64-bit UEFI", NULL, NULL, NOT_SHIPPED),
	UEFI(37, "LoongArch 32-bit UEFI", NULL, NULL, NOT_SHIPPED),
	HTTP(38, "LoongArch 32-bit UEFI HTTP", NULL, NULL, NOT_SHIPPED),
	UEFI(39, "LoongArch 64-bit UEFI", NULL, NULL, NOT_SHIPPED),
	HTTP(40, "LoongArch 64-bit UEFI HTTP", NULL, NULL, NOT_SHIPPED),
	OTHER(41, "Raspberry Pi", NULL, RASPBERRY),
};

const struct arch *arch_find(uint16_t number)
{
	return number < ARRAY_LEN(archs) ? &archs[number] : NULL;
}
