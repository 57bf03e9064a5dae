# How every folder of the tree is built: one static library a folder, whose DEPS are the arrows it may follow.

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
# Dev: quick to compile, yet fast enough for the bulk path's tests.
set(CMAKE_CXX_FLAGS_DEV "-O1 -g1")
set(CMAKE_EXE_LINKER_FLAGS_DEV "")

option(CROSSDOCK_WARNINGS_AS_ERRORS "treat warnings as errors" OFF)
option(CROSSDOCK_THREAD_SAFETY "clang's thread-safety analysis" OFF)
set(CROSSDOCK_SANITIZE "" CACHE STRING "sanitizers, as -fsanitize= takes them")

find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
find_package(OpenSSL 3.0 REQUIRED)
find_package(absl CONFIG REQUIRED)
find_package(Protobuf REQUIRED)
find_package(gRPC 1.51 CONFIG REQUIRED)
find_package(Catch2 2.13 CONFIG REQUIRED)
find_package(nlohmann_json CONFIG REQUIRED)
find_package(CLI11 CONFIG REQUIRED)
find_package(yaml-cpp CONFIG REQUIRED)
pkg_check_modules(PQXX REQUIRED IMPORTED_TARGET libpqxx)
pkg_check_modules(XXHASH REQUIRED IMPORTED_TARGET libxxhash)

# What every translation unit of ours gets; generated code gets only the sanitizers.
add_library(crossdock_sanitizers INTERFACE)
if(CROSSDOCK_SANITIZE)
  target_compile_options(crossdock_sanitizers INTERFACE -fsanitize=${CROSSDOCK_SANITIZE} -fno-omit-frame-pointer
                                                        -fno-sanitize-recover=all)
  target_link_options(crossdock_sanitizers INTERFACE -fsanitize=${CROSSDOCK_SANITIZE})
endif()
add_library(crossdock_options INTERFACE)
target_link_libraries(crossdock_options INTERFACE crossdock_sanitizers)
target_compile_options(crossdock_options INTERFACE -Wall -Wextra -Wpedantic -Wshadow=local -Wnon-virtual-dtor)
if(CROSSDOCK_SANITIZE OR NOT CMAKE_BUILD_TYPE STREQUAL "Dev")
  # GCC sees ghosts in instrumented code, and in std::string and std::optional when it optimises (its bugs 105651, 80635).
  target_compile_options(crossdock_options INTERFACE -Wno-maybe-uninitialized)
endif()
if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  target_compile_options(crossdock_options INTERFACE -Wno-shadow)
elseif(NOT CMAKE_BUILD_TYPE STREQUAL "Dev")
  target_compile_options(crossdock_options INTERFACE -Wno-restrict)
endif()
if(CROSSDOCK_WARNINGS_AS_ERRORS)
  target_compile_options(crossdock_options INTERFACE -Werror)
endif()
if(CROSSDOCK_THREAD_SAFETY)
  target_compile_options(crossdock_options INTERFACE -Wthread-safety -Werror=thread-safety)
endif()

# crossdock_library(NAME [DEPS ...]): all .cc files of the current folder but main.cc.
function(crossdock_library name)
  cmake_parse_arguments(ARG "" "" "DEPS" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS *.cc)
  list(FILTER sources EXCLUDE REGEX "/main\\.cc$")
  add_library(${name} STATIC ${sources})
  target_include_directories(${name} PUBLIC ${CMAKE_SOURCE_DIR})
  target_link_libraries(${name} PUBLIC ${ARG_DEPS} PRIVATE crossdock_options)
  # Link-time options travel with the libraries, so that a test of one folder is sanitized as a whole.
  target_link_libraries(${name} PUBLIC crossdock_sanitizers)
endfunction()

# crossdock_program(NAME [DEPS ...]): main.cc of the current folder.
function(crossdock_program name)
  cmake_parse_arguments(ARG "" "" "DEPS" ${ARGN})
  add_executable(${name} main.cc)
  target_compile_definitions(${name} PRIVATE CROSSDOCK_VERSION="${PROJECT_VERSION}")
  target_link_libraries(${name} PRIVATE ${ARG_DEPS} crossdock_options)
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)
endfunction()
