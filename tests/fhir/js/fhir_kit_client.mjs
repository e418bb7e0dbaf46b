// What a program does that is built on fhir-kit-client.
import assert from 'node:assert/strict';
import { Client } from 'fhir-kit-client';
import { assertion, settings } from './smart.mjs';

const given = await settings();
const client = new Client({ baseUrl: given.base });
const person = (value, family) => ({
  resourceType: 'Patient',
  identifier: [{ system: 'urn:example:fhir-kit', value }],
  name: [{ family, given: ['Thị', 'Mơ'] }],
  birthDate: '1990-05-17',
});
const status = async (call) => {
  try {
    await call;
  } catch (error) {
    assert.equal(error.response.data.resourceType, 'OperationOutcome');
    return error.response.status;
  }
  return 200;
};

const { tokenUrl } = await client.smartAuthMetadata();
const form = new URLSearchParams({
  grant_type: 'client_credentials',
  scope: given.scope,
  client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
  client_assertion: assertion(given, tokenUrl.href),
});
assert.equal(await status(client.read({ resourceType: 'Patient', id: 'x' })), 401);
const answer = await (await fetch(tokenUrl, { method: 'POST', body: form })).json();
client.bearerToken = answer.access_token;

const statement = await client.capabilityStatement();
assert.equal(statement.fhirVersion, '4.0.1');

const made = await client.create({ resourceType: 'Patient', body: person('1', 'Vi') });
const first = Client.httpFor(made).response;
assert.equal(first.status, 201);
assert.match(first.headers.get('location'), new RegExp(`/Patient/${made.id}/_history/1$`));
assert.equal(first.headers.get('etag'), 'W/"1"');
const read = await client.read({ resourceType: 'Patient', id: made.id });
assert.deepEqual(read, made);
const resolved = await client.resolve({ reference: `Patient/${made.id}` });
assert.deepEqual(resolved, made);

const once = { headers: { 'If-None-Exist': 'identifier=urn:example:fhir-kit|1' } };
const again = await client.create({ resourceType: 'Patient', body: person('1', 'Khác'), options: once });
assert.equal(Client.httpFor(again).response.status, 200);

const second = await client.update({
  resourceType: 'Patient',
  id: made.id,
  body: { ...read, gender: 'female' },
  options: { headers: { 'If-Match': 'W/"1"' } },
});
assert.equal(second.meta.versionId, '2');
const late = { resourceType: 'Patient', id: made.id, body: read, options: { headers: { 'If-Match': 'W/"1"' } } };
assert.equal(await status(client.update(late)), 412);

const third = await client.patch({
  resourceType: 'Patient',
  id: made.id,
  jsonPatch: [
    { op: 'test', path: '/gender', value: 'female' },
    { op: 'replace', path: '/birthDate', value: '1990-05-18' },
  ],
});
assert.equal(third.birthDate, '1990-05-18');
const old = await client.vread({ resourceType: 'Patient', id: made.id, version: '1' });
assert.deepEqual(old, made);
const history = await client.history({ resourceType: 'Patient', id: made.id });
assert.deepEqual(
  history.entry.map((entry) => entry.resource.meta.versionId),
  ['3', '2', '1'],
);

const patient = 'urn:uuid:7b3d3a56-0c9c-4a64-9d5e-3c4f7a9e0d11';
const pressure = (value) => ({
  request: { method: 'POST', url: 'Observation' },
  resource: {
    resourceType: 'Observation',
    status: 'final',
    code: { coding: [{ system: 'http://loinc.org', code: '8480-6' }] },
    subject: { reference: patient },
    valueQuantity: { value, unit: 'mmHg', system: 'http://unitsofmeasure.org', code: 'mm[Hg]' },
  },
});
const written = await client.transaction({
  body: {
    resourceType: 'Bundle',
    type: 'transaction',
    entry: [
      { fullUrl: patient, request: { method: 'POST', url: 'Patient' }, resource: person('2', 'Lò') },
      ...[101, 102, 103, 104, 105].map(pressure),
    ],
  },
});
assert.equal(written.type, 'transaction-response');
assert.ok(written.entry.every((entry) => entry.response.status.startsWith('201')));
const other = written.entry[0].response.location.split('/').at(-3);

let page = await client.search({
  resourceType: 'Observation',
  searchParams: { subject: `Patient/${other}`, _sort: '-value-quantity', _count: '2' },
});
const values = [];
for (; page; page = await client.nextPage({ bundle: page })) {
  values.push(...page.entry.map((entry) => entry.resource.valueQuantity.value));
}
assert.deepEqual(values, [105, 104, 103, 102, 101]);
const inBody = await client.search({
  resourceType: 'Observation',
  searchParams: { 'subject:Patient.identifier': 'urn:example:fhir-kit|2', 'value-quantity': 'gt103' },
  options: { postSearch: true },
});
assert.equal(inBody.entry.length, 2);
const compartment = await client.search({
  resourceType: 'Observation',
  compartment: { resourceType: 'Patient', id: other },
});
assert.equal(compartment.entry.length, 5);
const both = await client.batch({
  body: {
    resourceType: 'Bundle',
    type: 'batch',
    entry: [
      { request: { method: 'GET', url: `Patient/${other}` } },
      { request: { method: 'GET', url: 'Patient/nobody' } },
    ],
  },
});
assert.deepEqual(
  both.entry.map((entry) => entry.response.status.slice(0, 3)),
  ['200', '404'],
);

await client.delete({ resourceType: 'Patient', id: made.id });
assert.equal(await status(client.read({ resourceType: 'Patient', id: made.id })), 410);
assert.equal(await status(client.read({ resourceType: 'Patient', id: 'nobody' })), 404);
assert.equal(await status(client.search({ resourceType: 'Patient', searchParams: { birthdate: 'never' } })), 400);
console.log('done');
