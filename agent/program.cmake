crossdock_library(agent_program DEPS agent_tasks agent_session agent_trust agent_witness agent_doctor net pki rpc proto yaml)
crossdock_program(crossdock-agent DEPS agent_program CLI11::CLI11)
