# find_package(impasto) → impasto::impasto. Component "development" is the library, its headers and
# its package; component "tool" is the program.
include(CMakePackageConfigHelpers)
include(GNUInstallDirs)

set(impasto_package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/impasto)

install(TARGETS impasto EXPORT impasto-targets COMPONENT development
  INCLUDES DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(DIRECTORY include/impasto DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} COMPONENT development
  FILES_MATCHING PATTERN "*.hpp")
install(EXPORT impasto-targets NAMESPACE impasto:: DESTINATION ${impasto_package_dir}
  COMPONENT development)

configure_package_config_file(cmake/impastoConfig.cmake.in impastoConfig.cmake
  INSTALL_DESTINATION ${impasto_package_dir})
write_basic_package_version_file(impastoConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/impastoConfig.cmake ${PROJECT_BINARY_DIR}/impastoConfigVersion.cmake
  DESTINATION ${impasto_package_dir} COMPONENT development)

if(TARGET impasto_tool)
  install(TARGETS impasto_tool COMPONENT tool)
endif()
