export default { testEnvironment: 'node', transform: {}, testTimeout: 30_000 };
