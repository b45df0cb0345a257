#include "dhcpd/arch.h"

#include <stddef.h>

#include "provisioner/base/mem.h"

/* Debian's ipxe package has BIOS and x86-64 UEFI; its shim and GRUB for ARM64 are signed, and shim asks
 * for grubaa64.efi itself. */
#define BIOS_LOADER "undionly.kpxe"
#define X64_LOADER "snponly.efi"
#define ARM64_LOADER "arm64/shimaa64.efi"

#define NOT_SHIPPED "no boot loader is shipped for it: give the node a boot-file"
#define NO_IA32 "Debian has no boot loader for 32-bit x86 UEFI: give the node a boot-file"
#define U_BOOT "U-Boot runs what it is told to: give the node a boot-file"
#define RASPBERRY                                                                             \
	"it asks for start4.elf, config.txt and more by names of its own: put them into the " \
	"firmware folder"

#define BIOS(n, name, loader, lack)                 \
	{                                           \
		n, ARCH_IS_BIOS, name, loader, lack \
	}
#define UEFI(n, name, loader, lack)                 \
	{                                           \
		n, ARCH_IS_UEFI, name, loader, lack \
	}
#define HTTP(n, name, loader, lack)                 \
	{                                           \
		n, ARCH_IS_HTTP, name, loader, lack \
	}
#define OTHER(n, name, lack)                       \
	{                                          \
		n, ARCH_IS_OTHER, name, NULL, lack \
	}

/* RFC 4578 calls 7 EFI byte code and 9 x86-64; the field has it the other way round, so both get the
 * x86-64 loader. The row's place is its number. */
static const struct arch archs[] = {
	BIOS(0, "x86 BIOS", BIOS_LOADER, NULL),
	BIOS(1, "NEC PC98", NULL, NOT_SHIPPED),
	UEFI(2, "Itanium", NULL, NOT_SHIPPED),
	OTHER(3, "DEC Alpha", NOT_SHIPPED),
	OTHER(4, "Arc x86", NOT_SHIPPED),
	OTHER(5, "Intel Lean Client", NOT_SHIPPED),
	UEFI(6, "x86 UEFI", NULL, NO_IA32),
	UEFI(7, "x86-64 UEFI", X64_LOADER, NULL),
	UEFI(8, "Xscale UEFI", NULL, NOT_SHIPPED),
	UEFI(9, "x86-64 UEFI", X64_LOADER, NULL),
	UEFI(10, "ARM 32-bit UEFI", NULL, NOT_SHIPPED),
	UEFI(11, "ARM 64-bit UEFI", ARM64_LOADER, NULL),
	OTHER(12, "PowerPC Open Firmware", NOT_SHIPPED),
	OTHER(13, "PowerPC ePAPR", NOT_SHIPPED),
	OTHER(14, "POWER OPAL", NOT_SHIPPED),
	HTTP(15, "x86 UEFI HTTP", NULL, NO_IA32),
	HTTP(16, "x86-64 UEFI HTTP", X64_LOADER, NULL),
	HTTP(17, "x86-64 UEFI HTTP", X64_LOADER, NULL),
	HTTP(18, "ARM 32-bit UEFI HTTP", NULL, NOT_SHIPPED),
	HTTP(19, "ARM 64-bit UEFI HTTP", ARM64_LOADER, NULL),
	HTTP(20, "x86 BIOS HTTP", BIOS_LOADER, NULL),
	OTHER(21, "ARM 32-bit U-Boot", U_BOOT),
	OTHER(22, "ARM 64-bit U-Boot", U_BOOT),
	HTTP(23, "ARM 32-bit U-Boot HTTP", NULL, U_BOOT),
	HTTP(24, "ARM 64-bit U-Boot HTTP", NULL, U_BOOT),
	UEFI(25, "RISC-V 32-bit UEFI", NULL, NOT_SHIPPED),
	HTTP(26, "RISC-V 32-bit UEFI HTTP", NULL, NOT_SHIPPED),
	UEFI(27, "RISC-V 64-bit UEFI", NULL, NOT_SHIPPED),
	HTTP(28, "RISC-V 64-bit UEFI HTTP", NULL, NOT_SHIPPED),
	UEFI(29, "RISC-V 128-bit UEFI", NULL, NOT_SHIPPED),
	HTTP(30, "RISC-V 128-bit UEFI HTTP", NULL, NOT_SHIPPED),
	OTHER(31, "s390 basic", NOT_SHIPPED),
	OTHER(32, "s390 extended", NOT_SHIPPED),
	UEFI(33, "MIPS 32-bit UEFI", NULL, NOT_SHIPPED),
	UEFI(34, "MIPS 64-bit UEFI", NULL, NOT_SHIPPED),
	UEFI(35, "Sunway 32-bit UEFI", NULL, NOT_SHIPPED),
	UEFI(36, "Sunway 64-bit UEFI", NULL, NOT_SHIPPED),
	UEFI(37, "LoongArch 32-bit UEFI", NULL, NOT_SHIPPED),
	HTTP(38, "LoongArch 32-bit UEFI HTTP", NULL, NOT_SHIPPED),
	UEFI(39, "LoongArch 64-bit UEFI", NULL, NOT_SHIPPED),
	HTTP(40, "LoongArch 64-bit UEFI HTTP", NULL, NOT_SHIPPED),
	OTHER(41, "Raspberry Pi", RASPBERRY),
};

const struct arch *arch_find(uint16_t number)
{
	return number < ARRAY_LEN(archs) ? &archs[number] : NULL;
}
