# Flags for every target, carried by the interface library sl_flags.
# Assertions guard our own invariants and stay on in a release: no NDEBUG.
set(CMAKE_C_FLAGS_RELWITHDEBINFO "-O2 -g")
set(CMAKE_C_FLAGS_RELEASE "-O2")
add_library(sl_flags INTERFACE)
target_compile_definitions(sl_flags INTERFACE _GNU_SOURCE SL_VERSION="${PROJECT_VERSION}")
target_compile_options(sl_flags INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes
  -Wvla -Wformat=2 -Wimplicit-fallthrough -fvisibility=hidden -fno-strict-aliasing
  -fno-delete-null-pointer-checks)
if(SL_WERROR)
  target_compile_options(sl_flags INTERFACE -Werror)
endif()
if(SL_SANITIZE)
  target_compile_options(sl_flags INTERFACE -fsanitize=address,undefined
    -fno-sanitize-recover=undefined -fno-omit-frame-pointer)
  target_link_options(sl_flags INTERFACE -fsanitize=address,undefined)
endif()
if(SL_FUZZ)
  target_compile_options(sl_flags INTERFACE -fsanitize=fuzzer-no-link)
endif()
if(SL_COVERAGE)
  target_compile_definitions(sl_flags INTERFACE SL_COVERAGE) # lib/sandbox lets gcov write
  target_compile_options(sl_flags INTERFACE --coverage -fprofile-update=atomic -O0)
  target_link_options(sl_flags INTERFACE --coverage)
endif()
if(SL_HARDEN)
  target_compile_options(sl_flags INTERFACE -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3
    -fstack-protector-strong -fstack-clash-protection -ftrivial-auto-var-init=zero -fPIE)
  if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
    target_compile_options(sl_flags INTERFACE -fcf-protection=full)
  endif()
  include(CheckCCompilerFlag)
  check_c_compiler_flag(-fstrict-flex-arrays=3 SL_HAS_STRICT_FLEX_ARRAYS) # gcc 13, clang 16
  if(SL_HAS_STRICT_FLEX_ARRAYS)
    target_compile_options(sl_flags INTERFACE -fstrict-flex-arrays=3)
  endif()
  # what a function of these rooms leaves in registers may be of a key
  check_c_compiler_flag(-fzero-call-used-regs=used-gpr SL_HAS_ZERO_CALL_USED_REGS) # gcc 11, clang 15
  if(SL_HAS_ZERO_CALL_USED_REGS)
    set(SL_KEY_ROOM_FLAGS -fzero-call-used-regs=used-gpr)
  endif()
  target_link_options(sl_flags INTERFACE -pie -Wl,-z,relro,-z,now,-z,noexecstack,-z,separate-code
    -Wl,--as-needed)
endif()
