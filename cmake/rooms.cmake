# The house: rooms, programs and tests, and the arrows between them.
#
#   sl_room(NAME SOURCES ... SHOWS ... USES ... DOORS ...)
#     SOURCES  files of the room
#     SHOWS    rooms whose types appear in this room's public header
#     USES     rooms that only its inside needs
#     DOORS    foreign libraries (imported targets) that only its inside needs
# A room's public headers live in include/sl. A room that did not declare the arrow cannot
# include the header: the folder is not on its include path.

function(sl_room name)
  cmake_parse_arguments(R "" "" "SOURCES;SHOWS;USES;DOORS" ${ARGN})
  add_library(sl_${name} STATIC ${R_SOURCES})
  target_include_directories(sl_${name} PUBLIC include PRIVATE .)
  list(TRANSFORM R_SHOWS PREPEND sl_)
  list(TRANSFORM R_USES PREPEND sl_)
  target_link_libraries(sl_${name} PUBLIC ${R_SHOWS} PRIVATE ${R_USES} ${R_DOORS} sl_flags)
  if(name MATCHES "^(crypto|cose|oscore|edhoc|credentials)$")
    target_compile_options(sl_${name} PRIVATE ${SL_KEY_ROOM_FLAGS})
  endif()
  set_property(GLOBAL APPEND PROPERTY SL_ROOMS ${name})
endfunction()

# Every room that a target is made of, directly or not.
function(sl_rooms_below target out)
  set(found ${${out}})
  get_target_property(links ${target} LINK_LIBRARIES)
  foreach(link ${links})
    if(link MATCHES "^sl_" AND NOT link STREQUAL "sl_flags" AND NOT link IN_LIST found)
      list(APPEND found ${link})
      sl_rooms_below(${link} found)
    endif()
  endforeach()
  set(${out} ${found} PARENT_SCOPE)
endfunction()

# The part of a program that others may embed. What is installed is one archive with the parts and
# every room below them as one object, in which only NAMES can be seen (patterns; the symbols of
# HEADERS), HEADERS under include/sealift/sl, and ARCHIVE.pc made from ARCHIVE.pc.in.
function(sl_library name)
  cmake_parse_arguments(L "" "ARCHIVE" "HEADERS;NAMES;SOURCES;USES;DOORS" ${ARGN})
  set(parts sl_${name}_library_parts)
  add_library(${parts} STATIC ${L_SOURCES})
  target_include_directories(${parts} PUBLIC . include)
  list(TRANSFORM L_USES PREPEND sl_)
  target_link_libraries(${parts} PUBLIC ${L_USES} ${L_DOORS} PRIVATE sl_flags)

  set(rooms ${parts})
  sl_rooms_below(${parts} rooms)
  list(TRANSFORM rooms REPLACE "(.+)" "$<TARGET_OBJECTS:\\1>" OUTPUT_VARIABLE objects)
  list(TRANSFORM L_NAMES PREPEND "--keep-global-symbol=")
  set(whole ${CMAKE_CURRENT_BINARY_DIR}/${L_ARCHIVE}.o)
  set(archive ${PROJECT_BINARY_DIR}/lib/lib${L_ARCHIVE}.a)
  add_custom_command(OUTPUT ${archive}
    COMMAND ${CMAKE_COMMAND} -E make_directory ${PROJECT_BINARY_DIR}/lib
    COMMAND ${CMAKE_LINKER} -r -o ${whole} ${objects}
    COMMAND ${CMAKE_OBJCOPY} --wildcard ${L_NAMES} ${whole}
    COMMAND ${CMAKE_COMMAND} -E rm -f ${archive}
    COMMAND ${CMAKE_AR} rcs ${archive} ${whole}
    DEPENDS ${rooms} ${objects} COMMAND_EXPAND_LISTS VERBATIM)
  add_custom_target(sl_${name}_archive ALL DEPENDS ${archive})

  # Found by way of the .pc file itself, so that the installed tree can be moved.
  file(RELATIVE_PATH up /prefix/${CMAKE_INSTALL_LIBDIR}/pkgconfig /prefix)
  configure_file(${L_ARCHIVE}.pc.in ${L_ARCHIVE}.pc @ONLY)
  install(FILES ${archive} DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT development)
  install(FILES ${L_HEADERS} DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/sealift/sl
    COMPONENT development)
  install(FILES ${CMAKE_CURRENT_BINARY_DIR}/${L_ARCHIVE}.pc
    DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig COMPONENT development)
endfunction()

# A program is a static library of its parts (so that tests can link them) and a main. LIBRARY
# names the sl_library that it is built on, when it has one.
function(sl_program name)
  cmake_parse_arguments(P "" "MAIN;BINARY;LIBRARY" "SOURCES;USES;DOORS" ${ARGN})
  add_library(sl_${name}_parts STATIC ${P_SOURCES})
  target_include_directories(sl_${name}_parts PUBLIC .)
  list(TRANSFORM P_USES PREPEND sl_)
  if(P_LIBRARY)
    list(APPEND P_USES sl_${P_LIBRARY}_library_parts)
  endif()
  target_link_libraries(sl_${name}_parts PUBLIC ${P_USES} ${P_DOORS} PRIVATE sl_flags)
  add_executable(${P_BINARY} ${P_MAIN})
  target_link_libraries(${P_BINARY} PRIVATE sl_${name}_parts sl_flags)
  set_target_properties(${P_BINARY} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/bin)
  install(TARGETS ${P_BINARY} RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
endfunction()

# A libcheck program. LABEL is one of unit vectors scenario arch e2e interop fuzz.
function(sl_test name)
  cmake_parse_arguments(T "" "LABEL;TIMEOUT" "SOURCES;USES;DOORS;INCLUDES" ${ARGN})
  if(NOT BUILD_TESTING)
    return()
  endif()
  add_executable(${name} ${T_SOURCES})
  target_link_libraries(${name} PRIVATE ${T_USES} ${T_DOORS} PkgConfig::CHECK sl_flags)
  target_include_directories(${name} PRIVATE . ${PROJECT_SOURCE_DIR}/tests/support ${T_INCLUDES})
  target_compile_definitions(${name} PRIVATE SL_SOURCE_DIR="${PROJECT_SOURCE_DIR}"
    SL_BINARY_DIR="${PROJECT_BINARY_DIR}")
  # Not for us: libcheck's macros pass longs, compare signs and pad varargs.
  target_compile_options(${name} PRIVATE -Wno-sign-conversion -Wno-conversion -Wno-pedantic
    -Wno-format-extra-args)
  if(NOT T_TIMEOUT)
    set(T_TIMEOUT 120)
  endif()
  add_test(NAME ${name} COMMAND ${name})
  # CK_FORK=no: the sanitizers see one process.
  # COST: on a clean checkout too, what may take long begins first and not last.
  set_tests_properties(${name} PROPERTIES LABELS "${T_LABEL}" TIMEOUT ${T_TIMEOUT} COST ${T_TIMEOUT}
    ENVIRONMENT "CK_FORK=no")
endfunction()

# A libFuzzer target under clang (preset fuzz); otherwise the same entry replays its seed corpus.
function(sl_fuzz name)
  cmake_parse_arguments(F "" "CORPUS" "SOURCES;USES;DOORS" ${ARGN})
  if(NOT BUILD_TESTING)
    return()
  endif()
  if(SL_FUZZ)
    add_executable(${name} ${F_SOURCES})
    target_link_options(${name} PRIVATE -fsanitize=fuzzer)
  else()
    add_executable(${name} ${F_SOURCES} ${PROJECT_SOURCE_DIR}/tests/support/fuzz_replay.c)
    if(EXISTS ${CMAKE_CURRENT_SOURCE_DIR}/regressions) # what once was a finding
      list(APPEND F_CORPUS ${CMAKE_CURRENT_SOURCE_DIR}/regressions)
    endif()
    add_test(NAME ${name} COMMAND ${name} ${F_CORPUS})
    set_tests_properties(${name} PROPERTIES LABELS fuzz TIMEOUT 120)
  endif()
  target_link_libraries(${name} PRIVATE ${F_USES} ${F_DOORS} sl_flags)
  target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR}/tests/support)
  target_compile_options(${name} PRIVATE -Wno-missing-prototypes)
endfunction()
